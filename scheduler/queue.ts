import type { Clock } from "../api/types/ambient.ts";
import type { Pod } from "../api/types/core_v1.ts";
import { Bell } from "../client/bell.ts";
import { ANY_CHANGE, type Changes } from "./changes.ts";
import { uidOf } from "./pod_info.ts";
import { PriorityLine } from "./priority_line.ts";

/** Source: kube-scheduler, podInitialBackoffSeconds and podMaxBackoffSeconds. */
const BACKOFF_FIRST_MS = 1_000;
const BACKOFF_MAX_MS = 10_000;
/** A pod that could have been tried for this long and was not begins with the shortest back-off again. */
const BACKOFF_IDLE_MS = 60_000;
/** A pod that no change helped is tried again after this, in case that one was overlooked. Source: kube-scheduler. */
const FLUSH_MS = 300_000;

interface Entry {
  pod: Readonly<Pod>;
  /** ready: in the line; trying: taken out; backoff: waits for its time; parked: waits for a change of the cluster. */
  state: "ready" | "trying" | "backoff" | "parked";
  attempts: number;
  triedAt: number;
  /** While it is parked: what may help. */
  helpedBy: Changes;
  cancelTimer: () => void;
}

/**
 * Pods without a node, each at most once; those of higher priority go first. A pod that found no place waits for
 * a change that could help it, and for its own back-off, whichever ends last; the others go on.
 */
export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  readonly #line = new PriorityLine<Entry>();
  /** By what may help. */
  readonly #parked = new Map<Changes, Set<Entry>>();
  readonly #bell = new Bell();

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
    const entry: Entry = {
      ...{ pod, state: "ready", attempts: 0, triedAt: 0, helpedBy: ANY_CHANGE },
      cancelTimer: () => {},
    };
    this.#entries.set(uidOf(pod), entry);
    this.#append(entry);
  }

  /** The pod is bound, or gone. */
  remove(pod: Readonly<Pod>): void {
    const entry = this.#entries.get(uidOf(pod));
    if (entry === undefined) return;
    entry.cancelTimer();
    this.#takeOut(entry);
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
      await this.#bell.rung(signal);
    }
    return undefined;
  }

  /** No node takes the pod: it waits for one of these changes. */
  park(pod: Readonly<Pod>, helpedBy: Changes = ANY_CHANGE): void {
    const entry = this.#entries.get(uidOf(pod));
    if (entry?.state !== "trying") return;
    entry.state = "parked";
    entry.helpedBy = helpedBy;
    const others = this.#parked.get(helpedBy);
    if (others === undefined) this.#parked.set(helpedBy, new Set([entry]));
    else others.add(entry);
    entry.cancelTimer = this.#clock.after(FLUSH_MS, () => this.#unpark(entry));
  }

  /** What was to be written for the pod was not: it is tried again after its back-off. */
  retry(pod: Readonly<Pod>): void {
    const entry = this.#entries.get(uidOf(pod));
    if (entry?.state === "trying" || entry?.state === "parked") this.#unpark(entry);
  }

  /** Something changed that may let parked pods run: those that wait for this. */
  wake(changes: Changes = ANY_CHANGE): void {
    for (const [helpedBy, entries] of this.#parked) {
      if ((helpedBy & changes) === 0) continue;
      for (const entry of entries) this.#unpark(entry);
    }
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
    this.#takeOut(entry);
    entry.cancelTimer();
    const waitMs = entry.triedAt + backoffMs(entry.attempts) - this.#clock.now();
    if (waitMs <= 0) return this.#append(entry);
    entry.state = "backoff";
    entry.cancelTimer = this.#clock.after(waitMs, () => this.#append(entry));
  }

  #takeOut(entry: Entry): void {
    const others = this.#parked.get(entry.helpedBy);
    others?.delete(entry);
    if (others?.size === 0) this.#parked.delete(entry.helpedBy);
  }

  #append(entry: Entry): void {
    entry.state = "ready";
    this.#line.push(entry, entry.pod.spec.priority ?? 0);
    this.#bell.ring();
  }

  #take(): Entry | undefined {
    for (let entry = this.#line.shift(); entry !== undefined; entry = this.#line.shift()) {
      const isOurs = this.#entries.get(uidOf(entry.pod)) === entry; // else it was removed meanwhile
      if (isOurs && entry.state === "ready") return entry;
    }
    return undefined;
  }
}

function backoffMs(attempts: number): number {
  if (attempts === 0) return 0;
  return Math.min(BACKOFF_FIRST_MS * 2 ** Math.min(attempts - 1, 16), BACKOFF_MAX_MS);
}
