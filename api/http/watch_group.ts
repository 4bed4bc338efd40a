import type { Clock } from "../types/ambient.ts";
import type { Selection } from "../registry/selection.ts";
import { eventTypeFor, type SharedEvent } from "./event_bytes.ts";
import type { Rendering } from "./rendering.ts";
import type { Watcher } from "./watcher.ts";
import { joined } from "./wire.ts";

/**
 * After a write to its watchers a group gathers what comes for a while, so that a burst costs each watcher one write:
 * twice as long each time as long as something comes. What comes now and then goes out at once.
 */
const GATHER_MS_FIRST = 1;
const GATHER_MS = 10;

/**
 * With many watchers it gathers for twice as long as writing to all of them takes: half of the time is left for
 * others, and what came meanwhile goes out in one write too. Source: 20 µs for a write to a TLS socket.
 */
const GATHER_MS_PER_WATCHER = 0.04;

/** With more watchers than this serves, writing takes more than half of the time: they wait no longer for it. */
const GATHER_MS_MAX = 200;

/** Watchers that get the same lines: one selection is evaluated and one buffer made for all of them. */
export class WatchGroup {
  readonly watchers = new Set<Watcher>();
  readonly #clock: Clock;
  readonly #tally: { sent: number };
  #pending: Uint8Array[] = [];
  #isGathering = false;
  #gatherMs = GATHER_MS_FIRST;

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
    const forAll = Math.min(this.watchers.size * GATHER_MS_PER_WATCHER, GATHER_MS_MAX);
    this.#clock.after(Math.max(this.#gatherMs, forAll), () => {
      const isBurst = this.#pending.length > 0;
      this.#gatherMs = isBurst ? Math.min(2 * this.#gatherMs, GATHER_MS) : GATHER_MS_FIRST;
      this.#isGathering = false;
      this.settle();
    });
  }
}
