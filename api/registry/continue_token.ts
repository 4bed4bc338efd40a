import { isJsonObject } from "../types/json.ts";
import { StatusError } from "../types/status.ts";
import type { Key, Revision } from "../../store/ledger.ts";

/** Where the next page of a list goes on: after `last`, in the state after `revision`. */
export interface Continuation {
  readonly revision: Revision | typeof NEWEST;
  /** Key of the last object shown, without the prefix of the list: a token can't reach beyond its list. */
  readonly last: Key;
}

/** In place of a revision: whatever is there when the token is used. Source: Kubernetes's own tokens. */
export const NEWEST = -1;

const VERSION = "meta.k8s.io/v1";

/** Opaque to clients, in the form of Kubernetes's own. */
export function continueToken({ revision, last }: Continuation): string {
  const json = JSON.stringify({ v: VERSION, rv: revision, start: last });
  return new TextEncoder().encode(json).toBase64({ alphabet: "base64url", omitPadding: true });
}

/** @throws {StatusError} BadRequest */
export function readContinueToken(token: string): Continuation {
  const value = jsonOf(token);
  if (isJsonObject(value)) {
    const { v, rv, start } = value;
    const isWhole = typeof rv === "number" && Number.isSafeInteger(rv) && (rv > 0 || rv === NEWEST);
    if (v === VERSION && isWhole && typeof start === "string") return { revision: rv, last: start };
  }
  throw new StatusError("BadRequest", "continue key is not valid: not a token of this server");
}

function jsonOf(token: string): unknown {
  try {
    const bytes = Uint8Array.fromBase64(token, { alphabet: "base64url" });
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined; // any text may come as a token: the caller refuses it
  }
}
