import { StatusError } from "../types/status.ts";

/** Source: Kubernetes, user.SystemPrivilegedGroup, which its limits let pass. */
export const PRIVILEGED_GROUP = "system:masters";

export type RequestKind = "readOnly" | "mutating";

/** Requests of each kind that are answered at the same time, watches and other streams aside. */
export type InFlightLimits = Readonly<Record<RequestKind, number>>;

/** Source: kube-apiserver, --max-requests-inflight and --max-mutating-requests-inflight. */
const IN_FLIGHT_MAX: InFlightLimits = { readOnly: 400, mutating: 200 };

/** Source: k8s.io/apiserver, the verbs that its limits call read-only. */
export function requestKindOf(verb: string): RequestKind {
  return verb === "get" || verb === "list" || verb === "watch" ? "readOnly" : "mutating";
}

/** Holds a place for each request that is being answered: writers can't keep readers out, nor readers writers. */
export class InFlight {
  readonly counts = { readOnly: 0, mutating: 0 };
  readonly #limits: InFlightLimits;
  constructor(limits = IN_FLIGHT_MAX) {
    this.#limits = limits;
  }

  /**
   * @param isPrivileged is never turned away: the server's own components among others
   * @throws {StatusError} TooManyRequests
   */
  enter(kind: RequestKind, isPrivileged = false): void {
    if (this.counts[kind] >= this.#limits[kind] && !isPrivileged) {
      const why = "too many requests, please try again later";
      throw new StatusError("TooManyRequests", why, [], { retryAfterSeconds: 1 });
    }
    this.counts[kind] += 1;
  }

  leave(kind: RequestKind): void {
    this.counts[kind] -= 1;
  }
}
