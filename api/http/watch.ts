import type { Random } from "../types/ambient.ts";
import { forbidden, invalidStatus } from "../types/field_errors.ts";
import type { Revision } from "../../store/ledger.ts";
import type { Selection } from "../registry/selection.ts";
import { countIn, flagIn } from "./query.ts";
import type { Rendering } from "./rendering.ts";
import type { WatchRequest } from "./watch_hub.ts";

/** A watch without `timeoutSeconds` ends after this to twice this. Source: kube-apiserver, --min-request-timeout. */
const TIMEOUT_MS_MIN = 1_800_000;

interface Parts {
  readonly query: URLSearchParams;
  readonly namespace: string | undefined;
  readonly selection: Selection;
  readonly rendering: Rendering;
  /** Of the store now. */
  readonly revision: Revision;
  readonly random: Random;
}

/** @throws {StatusError} BadRequest, Invalid */
export function watchRequestOf(
  { query, namespace, selection, rendering, revision, random }: Parts,
): WatchRequest {
  const said = countIn(query, "resourceVersion") ?? 0;
  const wantsBookmarks = flagIn(query, "allowWatchBookmarks");
  const sendsInitial = query.has("sendInitialEvents")
    ? flagIn(query, "sendInitialEvents")
    : undefined;
  rejectWrongMatch(query, sendsInitial);
  const timeoutSeconds = countIn(query, "timeoutSeconds") ?? 0;
  const base = { namespace, selection, rendering, wantsBookmarks };
  return {
    ...base,
    after: startOf(said, sendsInitial, revision),
    marksInitialEnd: sendsInitial === true && wantsBookmarks,
    timeoutMs: timeoutSeconds > 0 ? timeoutSeconds * 1000 : TIMEOUT_MS_MIN * (1 + random()),
  };
}

/** "" and 0 mean the state as it is now, and then what comes. */
function startOf(said: Revision, sendsInitial: boolean | undefined, revision: Revision) {
  if (sendsInitial === true) return undefined;
  if (said > 0) return said;
  return sendsInitial === false ? revision : undefined;
}

/** Source: k8s.io/apimachinery, metav1 validation of ListOptions. */
function rejectWrongMatch(query: URLSearchParams, sendsInitial: boolean | undefined): void {
  const match = query.get("resourceVersionMatch") ?? "";
  const wrong = sendsInitial === undefined
    ? match !== "" && forbidden(
      "resourceVersionMatch",
      "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
    )
    : match !== "NotOlderThan" && forbidden(
      "resourceVersionMatch",
      "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
    );
  if (wrong === false) return;
  throw invalidStatus({ apiVersion: "meta.k8s.io/v1", kind: "ListOptions" }, "", [wrong]);
}
