import type { Random } from "../types/ambient.ts";
import type { Revision } from "../../store/ledger.ts";
import type { Selection } from "../registry/selection.ts";
import { tooLarge } from "../registry/list_page.ts";
import { rejectAsOf } from "./as_of.ts";
import { rejectWrongWatchMatch } from "./list_options.ts";
import { flagIn, revisionIn, wholeIn } from "./query.ts";
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

/** @throws {StatusError} BadRequest, Invalid, Timeout */
export function watchRequestOf(
  { query, namespace, selection, rendering, revision, random }: Parts,
): WatchRequest {
  const said = revisionIn(query);
  const wantsBookmarks = flagIn(query, "allowWatchBookmarks");
  const sendsInitial = query.has("sendInitialEvents")
    ? flagIn(query, "sendInitialEvents")
    : undefined;
  rejectWrongWatchMatch(query, sendsInitial);
  rejectAsOf(query);
  if (sendsInitial === true && said > revision) throw tooLarge(said, revision);
  wholeIn(query, "limit");
  const base = { namespace, selection, rendering, wantsBookmarks };
  return {
    ...base,
    after: startOf(said, sendsInitial, revision),
    marksInitialEnd: sendsInitial === true && wantsBookmarks,
    timeoutMs: timeoutIn(query, random),
  };
}

/** Of less than nothing it ends at once, as a context of Go does. */
function timeoutIn(query: URLSearchParams, random: Random): number {
  const seconds = wholeIn(query, "timeoutSeconds") ?? 0;
  return seconds === 0 ? TIMEOUT_MS_MIN * (1 + random()) : Math.max(0, seconds * 1000);
}

/** "" and 0 mean the state as it is now, and then what comes. */
function startOf(said: Revision, sendsInitial: boolean | undefined, revision: Revision) {
  if (sendsInitial === true) return undefined;
  if (said > 0) return said;
  return sendsInitial === false ? revision : undefined;
}
