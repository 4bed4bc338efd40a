/**
 * Wakes the one loop that waits for it. A ring that nobody waits for is forgotten: the loop looks whether there is
 * something to do before it waits, without awaiting anything in between.
 */
export class Bell {
  #wake = () => {};

  ring(): void {
    this.#wake();
  }

  /** Resolves at the next ring, or once `signal` has aborted. */
  async rung(signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => resolve();
    this.#wake = wake;
    signal.addEventListener("abort", wake);
    await promise;
    signal.removeEventListener("abort", wake);
  }
}
