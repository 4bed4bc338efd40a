/**
 * Shares one reading among all who wait for it. Who comes while one is on its way waits for the next: what they
 * must see may have been written since that one began.
 */
export class CatchUp {
  readonly #read: () => Promise<void>;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  constructor(read: () => Promise<void>) {
    this.#read = read;
  }

  /** A reading that begins after this call. Rejects as the reading does. */
  begin(): Promise<void> {
    if (this.#running === undefined) return this.#start();
    return this.#next ??= this.#running.catch(() => {}).then(() => {
      this.#next = undefined;
      return this.#start();
    });
  }

  #start(): Promise<void> {
    const running = this.#read().finally(() => {
      if (this.#running === running) this.#running = undefined;
    });
    return this.#running = running;
  }
}
