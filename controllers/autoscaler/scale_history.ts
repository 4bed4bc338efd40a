import { PERIOD_MAX_MS, type ScaleEvent } from "./behavior.ts";

/** Changes remembered of one workload: far more than its policies let happen. */
const EVENTS_MAX = 1_000;

/** How the sizes of workloads changed, as seen from look to look. It begins empty after a restart, as Kubernetes's does. */
export class ScaleHistory {
  readonly #seen = new Map<string, { size: number; events: ScaleEvent[] }>();

  /** Notes the size at this time. @returns the changes that a policy may ask about */
  see(key: string, size: number, now: number): readonly ScaleEvent[] {
    const seen = this.#seen.get(key) ?? { size, events: [] };
    const fresh = seen.events.filter(({ at }) => at + PERIOD_MAX_MS > now);
    const events = seen.size === size
      ? fresh
      : [...fresh, { at: now, change: size - seen.size }].slice(-EVENTS_MAX);
    this.#seen.set(key, { size, events });
    return events;
  }

  forget(key: string): void {
    this.#seen.delete(key);
  }
}
