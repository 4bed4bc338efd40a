import type { Clock } from "../api/types/ambient.ts";
import type { Pod } from "../api/types/core_v1.ts";
import { Fifo } from "../client/fifo.ts";
import { uidOf } from "./pod_info.ts";

/** Source: kube-scheduler, podInitialBackoff and podMaxBackoff of the founding design. */
const BACKOFF_FIRST_MS = 1_000;
const BACKOFF_MAX_MS = 60_000;
/** A pod that could have been tried for this long and was not begins with the shortest back-off again. */
const BACKOFF_IDLE_MS = 60_000;

interface Entry {
  pod: Readonly<Pod>;
  /** ready: in the line; trying: taken out; backoff: waits for its time; parked: waits for a change of the cluster. */
  state: "ready" | "trying" | "backoff" | "parked";
  attempts: number;
  triedAt: number;
  cancelTimer: () => void;
}

/**
 * Pods without a node, each at most once. A pod that found no place waits for a change that could help, and
 * for its own back-off, whichever ends last; the others go on.
 */
export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  readonly #line = new Fifo<Entry>();
  readonly #parked = new Set<Entry>();
  #wakeReader = () => {};

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Source of the names: kube-scheduler's queues. */
  counts(): { active: number; backoff: number; unschedulable: number } {
    const counts = { active: 0, backoff: 0, unschedulable: 0 };
    for (const { state } of this.#entries.values()) {
      counts[state === "parked" ? "unschedulable" : state === "backoff" ? "backoff" : "active"] +=
        1;
    }
    return counts;
  }

  /** Adds a pod that waits for a node, or notes its new state; with `mayHelp` it is tried again when its back-off is over. */
  put(pod: Readonly<Pod>, mayHelp: boolean): void {
    const known = this.#entries.get(uidOf(pod));
    if (known !== undefined) {
      known.pod = pod;
      if (mayHelp && known.state === "parked") this.#unpark(known);
      return;
    }
    const entry: Entry = { pod, state: "ready", attempts: 0, triedAt: 0, cancelTimer: () => {} };
    this.#entries.set(uidOf(pod), entry);
    this.#append(entry);
  }

  /** The pod is bound, or gone. */
  remove(pod: Readonly<Pod>): void {
    const entry = this.#entries.get(uidOf(pod));
    if (entry === undefined) return;
    entry.cancelTimer();
    this.#parked.delete(entry);
    this.#entries.delete(uidOf(pod));
  }

  /** The newest state of a pod that still waits. */
  get(pod: Readonly<Pod>): Readonly<Pod> | undefined {
    return this.#entries.get(uidOf(pod))?.pod;
  }

  /** The next pod to try, or undefined once `signal` has aborted. It must come back by `park`, `retry` or `remove`. */
  async next(signal: AbortSignal): Promise<Readonly<Pod> | undefined> {
    while (!signal.aborted) {
      const entry = this.#take();
      if (entry !== undefined) return this.#begin(entry).pod;
      await this.#untilReady(signal);
    }
    return undefined;
  }

  /** No node takes the pod: it waits for `wake`. */
  park(pod: Readonly<Pod>): void {
    const entry = this.#entries.get(uidOf(pod));
    if (entry?.state !== "trying") return;
    entry.state = "parked";
    this.#parked.add(entry);
  }

  /** The binding failed: the pod is tried again after its back-off. */
  retry(pod: Readonly<Pod>): void {
    const entry = this.#entries.get(uidOf(pod));
    if (entry?.state === "trying") this.#unpark(entry);
  }

  /** Something changed that may let parked pods run. */
  wake(): void {
    for (const entry of this.#parked) this.#unpark(entry);
  }

  close(): void {
    for (const entry of this.#entries.values()) entry.cancelTimer();
  }

  #begin(entry: Entry): Entry {
    const now = this.#clock.now();
    const couldBeAt = entry.triedAt + backoffMs(entry.attempts);
    if (now - couldBeAt > BACKOFF_IDLE_MS) entry.attempts = 0;
    entry.state = "trying";
    entry.attempts += 1;
    entry.triedAt = now;
    return entry;
  }

  #unpark(entry: Entry): void {
    this.#parked.delete(entry);
    const waitMs = entry.triedAt + backoffMs(entry.attempts) - this.#clock.now();
    if (waitMs <= 0) return this.#append(entry);
    entry.state = "backoff";
    entry.cancelTimer = this.#clock.after(waitMs, () => this.#append(entry));
  }

  #append(entry: Entry): void {
    entry.state = "ready";
    this.#line.push(entry);
    this.#wakeReader();
  }

  #take(): Entry | undefined {
    for (let entry = this.#line.shift(); entry !== undefined; entry = this.#line.shift()) {
      const isOurs = this.#entries.get(uidOf(entry.pod)) === entry; // else it was removed meanwhile
      if (isOurs && entry.state === "ready") return entry;
    }
    return undefined;
  }

  async #untilReady(signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const wake = () => resolve();
    this.#wakeReader = wake;
    signal.addEventListener("abort", wake);
    await promise;
    signal.removeEventListener("abort", wake);
  }
}

function backoffMs(attempts: number): number {
  if (attempts === 0) return 0;
  return Math.min(BACKOFF_FIRST_MS * 2 ** Math.min(attempts - 1, 16), BACKOFF_MAX_MS);
}
