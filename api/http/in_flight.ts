import { StatusError } from "../types/status.ts";

/** Requests that are answered at the same time, watches and other streams aside. Source: kube-apiserver, --max-requests-inflight. */
export const IN_FLIGHT_MAX = 400;

export type RequestKind = "readOnly" | "mutating";

/** Source: k8s.io/apiserver, the verbs that its limits call read-only. */
export function requestKindOf(verb: string): RequestKind {
  return verb === "get" || verb === "list" || verb === "watch" ? "readOnly" : "mutating";
}

/** Holds a place for each request that is being answered. */
export class InFlight {
  readonly counts = { readOnly: 0, mutating: 0 };
  readonly #max: number;
  constructor(max = IN_FLIGHT_MAX) {
    this.#max = max;
  }

  /** @throws {StatusError} TooManyRequests */
  enter(kind: RequestKind): void {
    if (this.counts.readOnly + this.counts.mutating >= this.#max) {
      const why = "too many requests, please try again later";
      throw new StatusError("TooManyRequests", why, [], { retryAfterSeconds: 1 });
    }
    this.counts[kind] += 1;
  }

  leave(kind: RequestKind): void {
    this.counts[kind] -= 1;
  }
}
