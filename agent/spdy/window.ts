/**
 * Room for what may be sent before the other side has read. Kubernetes's clients take everything and say nothing
 * of windows, so there is no bound until the other side has set one.
 */
export class SendWindow {
  #room = Infinity;
  #wake = () => {};
  #isClosed = false;

  /** Sets the size that the window begins with, whatever has been sent before. */
  limit(bytes: number): void {
    this.#room = bytes;
    this.#wake();
  }

  add(bytes: number): void {
    this.#room += bytes;
    this.#wake();
  }

  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  /** @returns how much of `wanted` may be sent now, at least a byte, once there is room; 0 when closed */
  async take(wanted: number): Promise<number> {
    while (this.#room <= 0 && !this.#isClosed) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    if (this.#isClosed) return 0;
    const taken = Math.min(wanted, this.#room);
    this.#room -= taken;
    return taken;
  }
}
