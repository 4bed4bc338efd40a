import { forbidden, invalidStatus, notSupported } from "../types/field_errors.ts";
import { type FieldError, StatusError } from "../types/status.ts";
import { type ListOptions, tooLarge } from "../registry/list_page.ts";
import type { Revision } from "../../store/ledger.ts";
import type { Store } from "../../store/store.ts";
import { asOfIn } from "./as_of.ts";
import { revisionIn, wholeIn } from "./query.ts";

const OPTIONS = { apiVersion: "meta.k8s.io/v1", kind: "ListOptions" };

/** Which part of which state a list shows. */
export type Extent = Pick<ListOptions, "limit" | "continue" | "exactRevision">;

/**
 * Source: k8s.io/apimachinery, validation of ListOptions; and the table of resourceVersion and
 * resourceVersionMatch in Kubernetes's API concepts.
 * @throws {StatusError} BadRequest, Invalid, Expired, Timeout
 */
export function extentOf(query: URLSearchParams, store: Store): Extent {
  rejectWrongListMatch(query);
  const token = query.get("continue") ?? "";
  const limit = Math.max(0, wholeIn(query, "limit") ?? 0);
  const said = revisionIn(query);
  wholeIn(query, "timeoutSeconds");
  if (token !== "") {
    if (said === 0) return { limit, continue: token };
    const why = "specifying resource version is not allowed when using continue";
    throw new StatusError("BadRequest", why);
  }
  const exact = asOfIn(query, store) ?? exactIn(query, said, limit);
  if (exact === undefined) rejectUnknown(store, said);
  return { limit, continue: "", ...(exact !== undefined && { exactRevision: exact }) };
}

/** Pages of a version are of that version and no newer one, whether the client says so or not. */
function exactIn(query: URLSearchParams, said: Revision, limit: number): Revision | undefined {
  const match = query.get("resourceVersionMatch") ?? "";
  const isExact = match === "Exact" || match === "" && limit > 0;
  return isExact && said > 0 ? said : undefined;
}

/**
 * A read may not be older than what the client has seen.
 * @throws {StatusError} Timeout
 */
export function rejectUnknown({ revision }: Store, said: Revision): void {
  if (said > revision) throw tooLarge(said, revision);
}

/** @throws {StatusError} Invalid */
function rejectWrongListMatch(query: URLSearchParams): void {
  if (!query.has("resourceVersionMatch") && !query.has("sendInitialEvents")) return;
  const match = query.get("resourceVersionMatch") ?? "";
  const version = query.get("resourceVersion") ?? "";
  const errors: FieldError[] = [];
  const refuse = (why: string) => errors.push(forbidden("resourceVersionMatch", why));
  if (match !== "") {
    if (version === "") {
      refuse("resourceVersionMatch is forbidden unless resourceVersion is provided");
    }
    if (query.get("continue")) {
      refuse("resourceVersionMatch is forbidden when continue is provided");
    }
    if (match !== "Exact" && match !== "NotOlderThan") {
      const known = ["Exact", "NotOlderThan", ""];
      errors.push(notSupported("resourceVersionMatch", match, known));
    }
    if (match === "Exact" && version === "0") {
      refuse('resourceVersionMatch "exact" is forbidden for resourceVersion "0"');
    }
  }
  if (query.has("sendInitialEvents")) {
    errors.push(forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list"));
  }
  if (errors.length > 0) throw invalidStatus(OPTIONS, "", errors);
}

/** @throws {StatusError} Invalid */
export function rejectWrongWatchMatch(
  query: URLSearchParams,
  sendsInitial: boolean | undefined,
): void {
  const match = query.get("resourceVersionMatch") ?? "";
  const errors: FieldError[] = [];
  const refuse = (why: string) => errors.push(forbidden("resourceVersionMatch", why));
  if (sendsInitial !== undefined && match !== "NotOlderThan") {
    refuse("sendInitialEvents requires setting resourceVersionMatch to NotOlderThan");
  }
  if (match !== "") {
    if (sendsInitial === undefined) {
      refuse("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided");
    }
    if (match !== "NotOlderThan") {
      errors.push(notSupported("resourceVersionMatch", match, ["NotOlderThan"]));
    }
    if (query.get("continue")) {
      refuse("resourceVersionMatch is forbidden when continue is provided");
    }
  }
  if (errors.length > 0) throw invalidStatus(OPTIONS, "", errors);
}
