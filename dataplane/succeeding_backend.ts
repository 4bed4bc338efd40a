import type { Backend, ServiceCounters } from "./backend.ts";
import type { Rules } from "./rules.ts";

/**
 * A backend in the place of other kinds, which an earlier process may have left: what those wrote serves until the
 * first rules of this one are in the kernel.
 */
export class SucceedingBackend implements Backend {
  readonly name;
  #hasSucceeded = false;

  constructor(readonly backend: Backend, readonly removeOthers: () => Promise<void>) {
    this.name = backend.name;
  }

  async sync(rules: Rules): Promise<void> {
    await this.backend.sync(rules);
    if (this.#hasSucceeded) return;
    await this.removeOthers();
    this.#hasSucceeded = true;
  }

  counters(): ReadonlyMap<string, ServiceCounters> {
    return this.backend.counters?.() ?? new Map();
  }

  onAttempt(listener: (rule: string) => void): void {
    this.backend.onAttempt?.(listener);
  }

  close(): Promise<void> {
    return this.backend.close();
  }

  async remove(): Promise<void> {
    await this.backend.remove();
    await this.removeOthers();
  }
}
