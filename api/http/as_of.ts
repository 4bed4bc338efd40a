import { StatusError } from "../types/status.ts";
import { tooLarge } from "../registry/list_page.ts";
import type { Revision } from "../../store/ledger.ts";
import type { Store } from "../../store/store.ts";

/** A day and a time with its zone, as RFC 3339 has it. */
const TIME = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;

/**
 * Reads of the past: `asOf` is a revision, or a time whose last write counts. A time that is still to come
 * shows what is there.
 * @returns undefined where the parameter is absent
 * @throws {StatusError} BadRequest, Expired when that state is forgotten, Timeout when it is yet to come
 */
export function asOfIn(query: URLSearchParams, store: Store): Revision | undefined {
  const text = query.get("asOf");
  if (text === null || text === "") return undefined;
  const said = query.get("resourceVersion") ?? "";
  if (said !== "" && said !== "0") {
    throw new StatusError("BadRequest", "asOf: may not be given together with resourceVersion");
  }
  const revision = revisionFor(text, store);
  if (revision > store.revision) throw tooLarge(revision, store.revision);
  return revision;
}

function revisionFor(text: string, store: Store): Revision {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const ms = TIME.test(text) ? Date.parse(text) : NaN;
  if (!Number.isNaN(ms)) return store.revisionAt(ms);
  const why = "must be a revision or a time such as 2006-01-02T15:04:05Z";
  throw new StatusError("BadRequest", `asOf: Invalid value: ${JSON.stringify(text)}: ${why}`);
}

/** A watch begins somewhere and has no end in the past. @throws {StatusError} BadRequest */
export function rejectAsOf(query: URLSearchParams): void {
  if (!query.get("asOf")) return;
  throw new StatusError("BadRequest", "asOf: is for reads; a watch begins at a resourceVersion");
}
