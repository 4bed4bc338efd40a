import assert from "node:assert/strict";
import type { Clock, Log } from "../api/types/ambient.ts";
import { StatusError } from "../api/types/status.ts";
import { GroupCommit } from "./group_commit.ts";
import { History, HISTORY_LIMITS, type HistoryLimits } from "./history.ts";
import {
  type Followed,
  ForgottenError,
  type Key,
  type Ledger,
  type Loaded,
  type Revision,
} from "./ledger.ts";
import { eventOf, recordOf, restore } from "./restore.ts";
import { SortedVersions } from "./sorted_versions.ts";
import { overlaid, Staging } from "./staging.ts";
import type { Store, StoreEvent, Transaction, Versioned } from "./store.ts";
import { LastState, Version } from "./version.ts";
import { Watchers } from "./watchers.ts";

/** The ledger forgets in steps of at least so many changes: each step costs it a commit or more. */
const COMPACT_STEP = 1_000;

/** Versions or changes that a copy gives at once. */
const COPY_GROUP = 500;

/** How often a history that has grown is looked at again while nobody writes. */
const TRIM_AFTER_MS = 5 * 60_000;

export interface StoreOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Defaults to HISTORY_LIMITS. */
  readonly historyLimits?: HistoryLimits;
  /** Called when others went on without this store, for so long that only opening it anew helps. */
  readonly onLost?: (error: ForgottenError) => void;
}

/** The store over any ledger. It owns the ledger from here on, and closes it. */
export async function openStore(ledger: Ledger, options: StoreOptions): Promise<Store> {
  const loaded = await ledger.load();
  const { present, events } = await restore(loaded);
  const limits = options.historyLimits ?? HISTORY_LIMITS;
  const now = options.clock.now();
  const history = new History(loaded.compacted, limits, now);
  for (const event of events) history.push(event);
  history.trim(now);
  const store = new MvccStore(ledger, options, {
    head: loaded.head,
    durable: SortedVersions.from(present),
    history,
  });
  store.start(loaded.compacted);
  return store;
}

/** Everything durable in memory, and the one way to change it. */
class MvccStore implements Store {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onLost: StoreOptions["onLost"];
  readonly #durable: SortedVersions;
  readonly #history: History;
  readonly #watchers: Watchers;
  readonly #commits: GroupCommit;
  readonly #ending = new AbortController();
  #revision: Revision;
  /** Up to here the ledger has been told to forget. */
  #ledgerCompacted = 0;
  #compaction: Promise<void> | undefined;
  #following: Promise<void> | undefined;
  #cancelTrim: (() => void) | undefined;
  /** The events before the newest ones: their old versions need no parsed objects any more. */
  #lastEvents: readonly StoreEvent[] = [];

  constructor(
    ledger: Ledger,
    { clock, log, onLost }: StoreOptions,
    start: { head: Revision; durable: SortedVersions; history: History },
  ) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#log = log;
    this.#onLost = onLost;
    this.#revision = start.head;
    this.#durable = start.durable;
    this.#history = start.history;
    this.#watchers = new Watchers(log);
    const staging = new Staging(start.durable, start.head);
    const { newestAt } = start.history;
    this.#commits = new GroupCommit({ ledger, staging, host: this, clock, log }, newestAt);
  }

  start(ledgerCompacted: Revision): void {
    this.#ledgerCompacted = ledgerCompacted;
    this.#forget();
    this.#following = this.#follow();
  }

  get revision(): Revision {
    return this.#revision;
  }

  get compacted(): Revision {
    return this.#history.compacted;
  }

  get isShared(): boolean {
    return this.#ledger.isShared;
  }

  catchUp(): Promise<void> {
    return this.#commits.catchUp();
  }

  get(key: Key): Versioned | undefined {
    return this.#durable.get(key);
  }

  list(prefix: Key): readonly Versioned[] {
    return this.#durable.list(prefix);
  }

  listAt(prefix: Key, revision: Revision): readonly Versioned[] {
    if (revision > this.#revision) {
      const message = `Too large resource version: ${revision}, current: ${this.#revision}`;
      throw new StatusError("Timeout", message, [], { retryAfterSeconds: 1 });
    }
    this.#history.rejectForgotten(revision);
    const changed = this.#history.replacedAfter(revision, prefix);
    return overlaid(this.#durable.list(prefix), changed);
  }

  revisionAt(time: number): Revision {
    return this.#history.revisionAt(time);
  }

  commit(transaction: Transaction): Promise<readonly Versioned[]> {
    if (!this.#ending.signal.aborted) return this.#commits.commit(transaction);
    return Promise.reject(new StatusError("ServiceUnavailable", "Cannot commit: store is closed"));
  }

  watch(
    prefix: Key,
    after: Revision,
    deliver: (events: readonly StoreEvent[]) => void,
  ): () => void {
    this.#history.rejectForgotten(after);
    const backlog = this.#history.after(after, prefix);
    return this.#watchers.add(prefix, Math.max(after, this.#revision), backlog, deliver);
  }

  metrics(): string[] {
    return [
      ...this.#commits.figures.lines(),
      "# HELP wherry_store_history_events Events that a watch can still begin with.",
      "# TYPE wherry_store_history_events gauge",
      `wherry_store_history_events ${this.#history.size}`,
      "# HELP wherry_store_compacted_revision The newest revision whose events are forgotten.",
      "# TYPE wherry_store_compacted_revision gauge",
      `wherry_store_compacted_revision ${this.compacted}`,
    ];
  }

  copy(): Loaded {
    const { compacted } = this;
    return {
      head: this.#revision,
      compacted,
      present: inGroups(this.#durable.list(""), (version) => version),
      history: inGroups(this.#history.after(compacted, ""), recordOf),
    };
  }

  async close(): Promise<void> {
    this.#ending.abort();
    this.#cancelTrim?.();
    this.#watchers.clear();
    await this.#commits.drained();
    await Promise.all([this.#compaction, this.#following]);
    await this.#ledger.close();
  }

  /** For the queue: these events are durable. */
  apply(events: readonly StoreEvent[]): void {
    for (const event of events) {
      if (event.type === "PUT") this.#durable.set(event.current);
      else this.#durable.delete(event.key);
      this.#history.push(event);
    }
    this.#revision = events.at(-1)?.revision ?? this.#revision;
    this.#watchers.publish(events);
    for (const event of this.#lastEvents) releaseObjects(event);
    this.#lastEvents = events;
    this.#forget();
  }

  /** For the queue: another server wrote these, or they are known already. */
  applyRecords(records: readonly Followed[]): void {
    const made = new Map<Key, Versioned | undefined>();
    const events: StoreEvent[] = [];
    for (const record of records) {
      const { key, revision, bytes } = record;
      if (revision <= this.#revision) continue;
      assert.equal(revision, this.#revision + events.length + 1, "the ledger skips a revision");
      const version = bytes && new Version(key, revision, bytes);
      events.push(eventOf(record, version, made.has(key) ? made.get(key) : this.get(key)));
      made.set(key, version);
    }
    if (events.length > 0) this.apply(events);
  }

  /** For the queue: the ledger did not answer, perhaps for ever. */
  lose(error: unknown): void {
    if (error instanceof ForgottenError) this.#onLost?.(error);
  }

  /** Forgets what the history need not hold, here at once, in the ledger in steps. */
  #forget(): void {
    const now = this.#clock.now();
    this.#history.trim(now);
    const isStep = this.compacted - this.#ledgerCompacted >= COMPACT_STEP;
    if (isStep && this.#compaction === undefined) this.#compaction = this.#compact();
    if (this.#history.size <= this.#history.limits.youngEvents) return;
    this.#cancelTrim ??= this.#clock.after(TRIM_AFTER_MS, () => {
      this.#cancelTrim = undefined;
      if (!this.#ending.signal.aborted) this.#forget();
    });
  }

  async #compact(): Promise<void> {
    const revision = this.compacted;
    try {
      await this.#ledger.compact(revision);
    } catch (error) {
      this.#log("Cannot compact the ledger", { revision, error });
    }
    this.#ledgerCompacted = revision;
    this.#compaction = undefined;
  }

  async #follow(): Promise<void> {
    const { signal } = this.#ending;
    try {
      for await (const records of this.#ledger.follow(this.#revision, signal)) {
        this.#commits.follow(records);
      }
    } catch (error) {
      this.lose(error);
      if (!signal.aborted) this.#log("Cannot follow the ledger's other writers", { error });
    }
  }
}

async function* inGroups<From, To>(all: readonly From[], map: (one: From) => To) {
  for (let at = 0; at < all.length; at += COPY_GROUP) {
    yield await Promise.resolve(all.slice(at, at + COPY_GROUP).map(map));
  }
}

function releaseObjects({ type, current, previous }: StoreEvent): void {
  if (type === "DELETE" && current instanceof LastState) current.release();
  if (previous instanceof Version) previous.release();
}
