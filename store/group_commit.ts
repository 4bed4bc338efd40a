import type { Clock, Log } from "../api/types/ambient.ts";
import { StatusError } from "../api/types/status.ts";
import { CatchUp } from "./catch_up.ts";
import { StoreFigures } from "./figures.ts";
import type { Followed, Ledger, Revision } from "./ledger.ts";
import { recordOf } from "./restore.ts";
import type { Staging } from "./staging.ts";
import type { StoreEvent, Transaction, Versioned } from "./store.ts";

/** Commits that may wait for the ledger; with 64 clients it is 64. More is a storm that must be told so. */
const COMMITS_WAITING_MAX = 10_000;

/** Bytes that may wait for the ledger: more than a second of its writing. */
const BYTES_WAITING_MAX = 64 * 1024 * 1024;

/** Times that a commit may run again because other servers took the head: far more than bad luck explains. */
const COMMIT_ATTEMPTS_MAX = 32;

interface Commit {
  readonly transaction: Transaction;
  readonly resolve: (versions: readonly Versioned[]) => void;
  readonly reject: (error: unknown) => void;
  attempts: number;
  /** It ran on a state that is at least as new as the call: a refusal is right. */
  isFresh: boolean;
}

/** What goes out as one append, and who is answered after it. */
interface Group {
  readonly events: StoreEvent[];
  bytes: number;
  readonly answers: { readonly commit: Commit; readonly give: () => void }[];
}

/** What the queue needs of the store around it. */
export interface CommitHost {
  /** Revision of the newest durable write. */
  readonly revision: Revision;
  /** The events are durable: shows them to readers and watchers. */
  apply(events: readonly StoreEvent[]): void;
  /** The same for what another server wrote, or what a failed append left behind. */
  applyRecords(records: readonly Followed[]): void;
  /** Reading the ledger failed. */
  lose(error: unknown): void;
}

/**
 * The queue before the ledger. A commit runs as soon as it comes, on top of all that waits, while the append
 * before it is still on its way; what has gathered by then goes out as the next append. An answer waits until
 * everything it rests on is durable, also when it is an error.
 */
export class GroupCommit {
  readonly figures = new StoreFigures();
  readonly #ledger: Ledger;
  readonly #staging: Staging;
  readonly #host: CommitHost;
  readonly #clock: Clock;
  readonly #log: Log;
  #queue: Group[] = [];
  #inFlight: Group | undefined;
  #waiting = 0;
  #bytesWaiting = 0;
  #draining: Promise<void> | undefined;
  /** An append failed and the ledger has not told yet what became of it. */
  #isHeadUnknown = false;
  /** Nor does it answer. */
  #isReadOnly = false;
  /** What follow() reported while an append was on its way. */
  #foreign: (readonly Followed[])[] = [];
  /** Resolves at the end of the append that is on its way. */
  #turn: PromiseWithResolvers<void> | undefined;
  readonly #catchUp = new CatchUp(() => this.#readOn());
  #newestAt: number;

  constructor(
    parts: { ledger: Ledger; staging: Staging; host: CommitHost; clock: Clock; log: Log },
    newestAt: number,
  ) {
    this.#ledger = parts.ledger;
    this.#staging = parts.staging;
    this.#host = parts.host;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#newestAt = newestAt;
  }

  commit(transaction: Transaction): Promise<readonly Versioned[]> {
    return new Promise((resolve, reject) => {
      if (this.#waiting >= COMMITS_WAITING_MAX || this.#bytesWaiting >= BYTES_WAITING_MAX) {
        const message = `Cannot commit: ${this.#waiting} commits wait for the ledger`;
        return reject(new StatusError("TooManyRequests", message, [], { retryAfterSeconds: 1 }));
      }
      const isFresh = !this.#ledger.isShared;
      this.#stage({ transaction, resolve, reject, attempts: 0, isFresh });
      if (this.#queue.length > 0) this.#wake();
    });
  }

  /** Records that another server appended. */
  follow(records: readonly Followed[]): void {
    this.#foreign.push(records);
    if (this.#draining === undefined && !this.#isHeadUnknown) this.#takeForeign();
  }

  /** @throws {StatusError} ServiceUnavailable when the ledger does not answer */
  catchUp(): Promise<void> {
    return this.#ledger.isShared ? this.#catchUp.begin() : Promise.resolve();
  }

  async #readOn(): Promise<void> {
    let records: readonly Followed[];
    try {
      records = await this.#ledger.readAfter(this.#host.revision);
    } catch (error) {
      this.#host.lose(error);
      this.#log("Cannot read the newest state from the ledger", { error });
      throw unreadable();
    }
    this.follow(records);
    const last = records.at(-1)?.revision ?? 0;
    while (this.#host.revision < last) {
      this.#wake();
      await (this.#turn ??= Promise.withResolvers()).promise;
      if (this.#isReadOnly) throw unreadable();
    }
  }

  /** Resolves when nothing waits. */
  async drained(): Promise<void> {
    while (this.#draining !== undefined) await this.#draining;
  }

  #stage(commit: Commit): void {
    if (this.#isHeadUnknown) return this.#defer(commit);
    const at = Math.max(this.#newestAt, this.#clock.now());
    this.#newestAt = at;
    let events: StoreEvent[] = [];
    let give: () => void;
    try {
      events = this.#staging.run(commit.transaction, at, this.#ledger.limits.records);
      const versions = events.map((event) => event.current);
      give = () => commit.resolve(versions);
    } catch (error) {
      give = () => commit.reject(error);
    }
    if (events.length === 0 && !commit.isFresh) return this.#runFresh(commit);
    const group = events.length === 0
      ? this.#queue.at(-1) ?? this.#inFlight
      : this.#roomFor(events);
    if (group === undefined) return give();
    group.answers.push({ commit, give });
    this.#waiting += 1;
  }

  /** What it refuses, or finds in order, another server may have changed a moment ago: looks again. */
  #runFresh(commit: Commit): void {
    commit.isFresh = true;
    this.#waiting += 1;
    const again = () => {
      this.#stage(commit);
      if (this.#queue.length > 0) this.#wake();
    };
    this.catchUp().finally(() => this.#waiting -= 1).then(again, commit.reject);
  }

  /** Puts the commit in line without running it: there is no state that it could run on. */
  #defer(commit: Commit): void {
    this.#queue.push({ events: [], bytes: 0, answers: [{ commit, give: () => {} }] });
    this.#waiting += 1;
  }

  /** The last group of the queue, or a new one where these events would make it too large. */
  #roomFor(events: readonly StoreEvent[]): Group {
    const { limits } = this.#ledger;
    const bytes = events.reduce((sum, event) => sum + bytesOf(event), 0);
    let group = this.#queue.at(-1);
    const isFull = group === undefined || group.bytes + bytes > limits.bytes ||
      group.events.length + events.length > limits.records;
    if (group === undefined || isFull) {
      this.#queue.push(group = { events: [], bytes: 0, answers: [] });
    }
    for (const event of events) group.events.push(event);
    group.bytes += bytes;
    this.#bytesWaiting += bytes;
    return group;
  }

  /** A microtask later, so that all who commit at this moment go out together. */
  #wake(): void {
    this.#draining ??= Promise.resolve().then(() => this.#drain());
  }

  /** Ends in the same moment in which it finds nothing to do: a commit after that wakes it again. */
  async #drain(): Promise<void> {
    for (let group = await this.#next(); group; group = await this.#next()) {
      await this.#append(group);
    }
  }

  async #next(): Promise<Group | undefined> {
    while (this.#isHeadUnknown) {
      await this.#learnHead();
      if (this.#isHeadUnknown && this.#queue.length === 0) break;
    }
    if (!this.#isHeadUnknown) this.#takeForeign();
    this.#inFlight = this.#queue.shift();
    if (this.#inFlight === undefined) this.#draining = undefined;
    this.#turn?.resolve();
    this.#turn = undefined;
    return this.#inFlight;
  }

  async #append(group: Group): Promise<void> {
    const { revision } = this.#host;
    const begin = this.#clock.now();
    const written = await this.#ledger.append(revision, group.events.map(recordOf)).catch(
      (error: unknown) => {
        this.#log("Cannot append to the ledger", { revision, error });
        return undefined;
      },
    );
    this.#inFlight = undefined;
    this.figures.countAppend(written ? group.events.length : 0, this.#clock.now() - begin);
    if (written === true) return this.#settle(group);
    this.#isHeadUnknown = true;
    if (written === false) this.#queue.unshift(group);
    else this.#refuse(group, "the ledger failed, the write may still turn up");
  }

  #settle(group: Group): void {
    this.#host.apply(group.events);
    this.#staging.settle(group.events);
    this.#release(group);
    for (const { give } of group.answers) give();
  }

  /**
   * Others wrote, or an append failed: reads what the ledger holds and goes on from there. Where even that
   * fails, all who wait are refused; the next commit tries again.
   */
  async #learnHead(): Promise<void> {
    try {
      this.#host.applyRecords(await this.#ledger.readAfter(this.#host.revision));
      this.#isHeadUnknown = false;
      if (this.#isReadOnly) this.#log("The store is writable again", {});
      this.#isReadOnly = false;
      this.#restage();
    } catch (error) {
      this.#host.lose(error);
      if (!this.#isReadOnly) {
        this.#log("The store is read-only: its ledger does not answer", { error });
      }
      this.#isReadOnly = true;
      for (const group of this.#queue.splice(0)) this.#refuse(group, "the ledger does not answer");
    }
  }

  #takeForeign(): void {
    const groups = this.#foreign.splice(0);
    const before = this.#host.revision;
    for (const records of groups) this.#host.applyRecords(records);
    if (this.#host.revision !== before) this.#restage();
  }

  /** Runs all that waits again, on the state as it is now. */
  #restage(): void {
    const groups = this.#queue.splice(0);
    this.#staging.reset(this.#host.revision);
    for (const group of groups) {
      this.#release(group);
      for (const { commit } of group.answers) {
        commit.attempts += 1;
        if (commit.attempts < COMMIT_ATTEMPTS_MAX) this.#stage(commit);
        else commit.reject(unavailable(`others wrote first ${commit.attempts} times`));
      }
    }
  }

  #refuse(group: Group, why: string): void {
    this.#release(group);
    for (const { commit } of group.answers) commit.reject(unavailable(why));
  }

  #release(group: Group): void {
    this.#waiting -= group.answers.length;
    this.#bytesWaiting -= group.bytes;
  }
}

function unavailable(why: string): StatusError {
  return new StatusError("ServiceUnavailable", `Cannot commit: ${why}`);
}

function unreadable(): StatusError {
  const message = "Cannot read the newest state: the ledger does not answer";
  return new StatusError("ServiceUnavailable", message);
}

function bytesOf({ type, current, previous }: StoreEvent): number {
  return (type === "PUT" ? current.bytes.length : 0) + (previous?.bytes.length ?? 0);
}
