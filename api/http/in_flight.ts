import { StatusError } from "../types/status.ts";

/** Requests that are answered at the same time, watches and other streams aside. Source: kube-apiserver, --max-requests-inflight. */
export const IN_FLIGHT_MAX = 400;

/** Holds a place for each request that is being answered. */
export class InFlight {
  count = 0;
  readonly #max: number;
  constructor(max = IN_FLIGHT_MAX) {
    this.#max = max;
  }

  /** @throws {StatusError} TooManyRequests */
  enter(): void {
    if (this.count >= this.#max) {
      const why = "too many requests, please try again later";
      throw new StatusError("TooManyRequests", why, [], { retryAfterSeconds: 1 });
    }
    this.count += 1;
  }

  leave(): void {
    this.count -= 1;
  }
}
