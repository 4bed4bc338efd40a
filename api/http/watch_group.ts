import type { Clock } from "../types/ambient.ts";
import type { Selection } from "../registry/selection.ts";
import { eventTypeFor, type SharedEvent } from "./event_bytes.ts";
import type { Rendering } from "./rendering.ts";
import type { Watcher } from "./watcher.ts";
import { joined } from "./wire.ts";

/**
 * After a write to its watchers a group gathers what comes for this long, so that a burst costs each
 * watcher one write. The first event after a pause goes out at once.
 */
const GATHER_MS = 10;

/** Watchers that get the same lines: one selection is evaluated and one buffer made for all of them. */
export class WatchGroup {
  readonly watchers = new Set<Watcher>();
  readonly #clock: Clock;
  readonly #tally: { sent: number };
  #pending: Uint8Array[] = [];
  #isGathering = false;

  /** @param tally counts what goes out, together with other groups */
  constructor(
    readonly selection: Selection,
    readonly rendering: Rendering,
    clock: Clock,
    tally: { sent: number } = { sent: 0 },
  ) {
    this.#clock = clock;
    this.#tally = tally;
  }

  take(shared: SharedEvent): void {
    const type = eventTypeFor(shared.event, this.selection);
    if (type !== undefined) this.#pending.push(shared.line(type, this.rendering));
  }

  /** All that was taken is one step of the store: sends it now, or with what comes soon. */
  settle(): void {
    if (this.#isGathering || this.#pending.length === 0) return;
    this.flush();
    this.#gather();
  }

  flush(): void {
    if (this.#pending.length === 0) return;
    this.#tally.sent += this.#pending.length * this.watchers.size;
    const lines = joined(this.#pending);
    this.#pending = [];
    for (const watcher of this.watchers) watcher.push(lines);
  }

  #gather(): void {
    this.#isGathering = true;
    this.#clock.after(GATHER_MS, () => {
      this.#isGathering = false;
      this.settle();
    });
  }
}
