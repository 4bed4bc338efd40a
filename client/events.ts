import type { Clock, Log, Random } from "../api/types/ambient.ts";
import type { Event, ObjectReference } from "../api/types/core_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import { EVENTS } from "../api/types/resources.ts";
import { hasReason, StatusError } from "../api/types/status.ts";
import type { Api } from "./api.ts";
import { Fifo } from "./fifo.ts";

export interface EventRecorderOptions {
  api: Api;
  clock: Clock;
  random: Random;
  log: Log;
  /** Who speaks, such as `default-scheduler`. */
  component: string;
  /** The node, for a component that runs on each. */
  host?: string;
}

/** Events that are remembered so that the next one like them is counted. Source: client-go, maxLruCacheEntries. */
export const EVENTS_REMEMBERED_MAX = 4096;
/** Different events about one object: this many at once, then one each five minutes. Source: client-go, EventSourceObjectSpamFilter. */
export const BURST_PER_OBJECT_MAX = 25;
const REFILL_MS = 300_000;
/** A repeated event is written at most this often; what comes between is counted. */
const REPEAT_WRITE_MS = 1_000;
/** Events that wait for a slow apiserver; those that come then are left out. */
const WAITING_MAX = EVENTS_REMEMBERED_MAX;
/** Event writes at one time. */
const WRITES_AT_ONCE_MAX = 4;
const ATTEMPTS_MAX = 5;

interface Remembered {
  event: Event;
  isStored: boolean;
  /** Waits for its turn or is being written. */
  isBusy: boolean;
  /** Was counted again since it was last written. */
  isDirty: boolean;
  attempts: number;
  writtenAt: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

/**
 * Writes what happened to an object, for `kubectl describe` to show. The same reason and message about the same
 * object are one Event that counts. It never waits and never fails: events are news, not state.
 */
export class EventRecorder {
  readonly #with: EventRecorderOptions;
  /** In order of last use. */
  readonly #remembered = new Map<string, Remembered>();
  readonly #buckets = new Map<string, Bucket>();
  readonly #line = new Fifo<Remembered>();
  #writing = 0;
  #dropped = 0;
  /** Some are being left out, which has been told. */
  #isFlooded = false;

  constructor(options: EventRecorderOptions) {
    this.#with = options;
  }

  /** Events that were left out because their object had too many, or the apiserver did not take them. */
  get dropped(): number {
    return this.#dropped;
  }

  record(
    about: Readonly<KubeObject>,
    type: "Normal" | "Warning",
    reason: string,
    message: string,
  ): void {
    const key = `${about.metadata.uid}/${about.metadata.namespace ?? ""}/${about.metadata.name}` +
      `/${about.kind}/${type}/${reason}/${message}`;
    const known = this.#remembered.get(key);
    if (known !== undefined) this.#remembered.delete(key);
    const entry = known ?? this.#newEntry(about, type, reason, message);
    if (entry === undefined) return;
    this.#remembered.set(key, entry);
    this.#forgetOldest(this.#remembered);
    if (known !== undefined) this.#countAgain(known);
    this.#enqueue(entry);
  }

  #newEntry(
    about: Readonly<KubeObject>,
    type: string,
    reason: string,
    message: string,
  ): Remembered | undefined {
    if (!this.#mayAdd(about)) {
      this.#dropped += 1;
      return undefined;
    }
    const event = this.#eventOf(about, { type, reason, message });
    return { event, isStored: false, isBusy: false, isDirty: true, attempts: 0, writtenAt: 0 };
  }

  #eventOf(
    about: Readonly<KubeObject>,
    text: { type: string; reason: string; message: string },
  ): Event {
    const { component, host } = this.#with;
    const now = this.#time();
    return {
      apiVersion: "v1",
      kind: "Event",
      metadata: {
        name: `${about.metadata.name}.${this.#hexDigits()}`,
        namespace: about.metadata.namespace || "default",
      },
      involvedObject: referenceTo(about),
      ...text,
      source: { component, ...(host === undefined ? {} : { host }) },
      reportingComponent: component,
      ...(host === undefined ? {} : { reportingInstance: host }),
      firstTimestamp: now,
      lastTimestamp: now,
      count: 1,
    };
  }

  #countAgain(entry: Remembered): void {
    const count = (entry.event.count ?? 1) + 1;
    entry.event = { ...entry.event, count, lastTimestamp: this.#time() };
    entry.isDirty = true;
  }

  #enqueue(entry: Remembered): void {
    if (entry.isBusy) return;
    entry.isBusy = true;
    const waitMs = entry.isStored
      ? entry.writtenAt + REPEAT_WRITE_MS - this.#with.clock.now()
      : entry.attempts * REPEAT_WRITE_MS;
    if (waitMs > 0) this.#with.clock.after(waitMs, () => this.#enter(entry));
    else this.#enter(entry);
  }

  #enter(entry: Remembered): void {
    if (this.#line.length >= WAITING_MAX) return this.#leaveOut(entry);
    this.#line.push(entry);
    void this.#drain();
  }

  /** The next one like it asks again for a place. */
  #leaveOut(entry: Remembered): void {
    entry.isBusy = false;
    this.#dropped += 1;
    if (this.#isFlooded) return;
    this.#isFlooded = true;
    this.#with.log("Events come faster than the apiserver takes them: some are left out", {
      waiting: this.#line.length,
      dropped: this.#dropped,
    });
  }

  async #drain(): Promise<void> {
    if (this.#writing >= WRITES_AT_ONCE_MAX) return;
    this.#writing += 1;
    for (let entry = this.#line.shift(); entry !== undefined; entry = this.#line.shift()) {
      await this.#write(entry);
    }
    this.#writing -= 1;
    this.#isFlooded = false;
  }

  async #write(entry: Remembered): Promise<void> {
    entry.isDirty = false;
    try {
      await this.#send(entry);
      entry.isStored = true;
      entry.attempts = 0;
    } catch (error) {
      this.#noteFailure(entry, error);
    }
    entry.writtenAt = this.#with.clock.now();
    entry.isBusy = false;
    if (entry.isDirty) this.#enqueue(entry);
  }

  async #send(entry: Remembered): Promise<void> {
    const { api } = this.#with;
    const { metadata: { name, namespace = "" }, count, lastTimestamp } = entry.event;
    if (entry.isStored) {
      try {
        await api.patch(EVENTS, { namespace, name }, "merge", { count, lastTimestamp });
        return;
      } catch (error) {
        if (!hasReason(error, "NotFound")) throw error; // it outlived its time to live: write it anew
      }
      const metadata = { ...entry.event.metadata, name: this.#renewed(name) };
      entry.event = { ...entry.event, metadata };
    }
    await api.create(EVENTS, entry.event);
  }

  #noteFailure(entry: Remembered, error: unknown): void {
    if (!(error instanceof StatusError)) throw error;
    entry.attempts += 1;
    const isPassing = hasReason(error, "ServiceUnavailable", "TooManyRequests", "Timeout");
    if (isPassing && entry.attempts < ATTEMPTS_MAX) {
      entry.isDirty = true;
      return;
    }
    this.#dropped += 1;
    this.#with.log(`Cannot write an event about ${entry.event.involvedObject.name}`, {
      error: error.message,
      dropped: this.#dropped,
    });
  }

  #mayAdd({ metadata }: Readonly<KubeObject>): boolean {
    const key = metadata.uid ?? `${metadata.namespace ?? ""}/${metadata.name}`;
    const now = this.#with.clock.now();
    const { tokens, at } = this.#buckets.get(key) ?? { tokens: BURST_PER_OBJECT_MAX, at: now };
    const filled = Math.min(BURST_PER_OBJECT_MAX, tokens + (now - at) / REFILL_MS);
    this.#buckets.delete(key);
    this.#buckets.set(key, { tokens: filled >= 1 ? filled - 1 : filled, at: now });
    this.#forgetOldest(this.#buckets);
    return filled >= 1;
  }

  #forgetOldest(map: Map<string, unknown>): void {
    if (map.size <= EVENTS_REMEMBERED_MAX) return;
    for (const key of map.keys()) {
      map.delete(key);
      return;
    }
  }

  #renewed(name: string): string {
    return `${name.slice(0, name.lastIndexOf("."))}.${this.#hexDigits()}`;
  }

  /** Sixteen, as the names of Kubernetes's events have. */
  #hexDigits(): string {
    const half = () => Math.floor(this.#with.random() * 2 ** 32).toString(16).padStart(8, "0");
    return half() + half();
  }

  #time(): string {
    return new Date(this.#with.clock.now()).toISOString().replace(/\.\d+Z$/, "Z");
  }
}

function referenceTo({ apiVersion, kind, metadata }: Readonly<KubeObject>): ObjectReference {
  const { namespace, name, uid, resourceVersion } = metadata;
  return {
    kind,
    ...(namespace === undefined ? {} : { namespace }),
    name,
    ...(uid === undefined ? {} : { uid }),
    apiVersion,
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
}
