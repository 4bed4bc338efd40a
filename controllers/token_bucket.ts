/** Lets `burst` things pass at once, and then `perSecond`. */
export class TokenBucket {
  #tokens: number;
  #at: number | undefined;

  constructor(readonly perSecond: number, readonly burst: number) {
    this.#tokens = burst;
  }

  /** Takes one. @returns 0, or the milliseconds until there is one to take */
  take(now: number): number {
    const passedMs = now - (this.#at ?? now);
    this.#at = now;
    this.#tokens = Math.min(this.burst, this.#tokens + passedMs / 1000 * this.perSecond);
    if (this.#tokens >= 1 - Number.EPSILON * 1024) {
      this.#tokens -= 1;
      return 0;
    }
    return Math.ceil((1 - this.#tokens) / this.perSecond * 1000);
  }
}
