import type { Clock, Log } from "../types/ambient.ts";
import { StatusError } from "../types/status.ts";
import type { Revision } from "../../store/ledger.ts";
import type { StoreEvent } from "../../store/store.ts";
import { prefixOf } from "../registry/keys.ts";
import type { Registry } from "../registry/registry.ts";
import type { Selection } from "../registry/selection.ts";
import { bookmarkLine, errorLine, eventLine, eventTypeFor, SharedEvent } from "./event_bytes.ts";
import type { Flow } from "./exchange.ts";
import { inParts } from "./list_body.ts";
import type { Rendering } from "./rendering.ts";
import { Watcher } from "./watcher.ts";
import { WatchGroup } from "./watch_group.ts";
import { GroupIndex } from "./watch_index.ts";

export interface WatchRequest {
  /** Absent: all namespaces. */
  readonly namespace: string | undefined;
  readonly selection: Selection;
  readonly rendering: Rendering;
  /** Events after this revision; absent, the state comes first. */
  readonly after: Revision | undefined;
  /** Ends the state that comes first with a bookmark. */
  readonly marksInitialEnd: boolean;
  readonly wantsBookmarks: boolean;
  readonly timeoutMs: number;
}

/** How often a watcher that wants bookmarks gets one, when there is something to say. Source: kube-apiserver. */
const BOOKMARK_INTERVAL_MS = 60_000;

/** Bytes of the state that go out in one write. */
const PART_BYTES = 64 * 1024;

/** All watches of one resource: one subscription to the store, and each event put in words once. */
export class WatchHub {
  readonly #registry: Registry;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #index: GroupIndex;
  readonly #bookmarked = new Map<Watcher, { group: WatchGroup; revision: Revision }>();
  readonly #tally = { sent: 0 };
  readonly #closing = new AbortController();
  #watchers = 0;
  #unsubscribe: (() => void) | undefined;
  #cancelBookmarks: (() => void) | undefined;

  constructor(registry: Registry, clock: Clock, log: Log) {
    this.#registry = registry;
    this.#clock = clock;
    this.#log = log;
    this.#index = new GroupIndex(registry.kind);
  }

  get size(): number {
    return this.#watchers;
  }

  /** Events that went out, once for each watcher. */
  get sent(): number {
    return this.#tally.sent;
  }

  /** Aborts when the kind is served no longer, or as another. */
  get closing(): AbortSignal {
    return this.#closing.signal;
  }

  open(request: WatchRequest): Flow {
    return new Watcher((watcher) => this.#join(watcher, request));
  }

  /** Every client is told that its watch has ended; they may list and watch elsewhere. */
  close(): void {
    this.#closing.abort();
    for (const group of [...this.#index.all()]) {
      group.flush();
      this.#end(group);
    }
  }

  #join(watcher: Watcher, request: WatchRequest): void {
    const { selection, rendering, namespace, timeoutMs } = request;
    this.#subscribe();
    const make = () => new WatchGroup(selection, rendering, this.#clock, this.#tally);
    const group = this.#index.groupFor({ namespace, selection, rendering }, make);
    group.flush(); // what waits there is older than this watcher
    group.watchers.add(watcher);
    this.#watchers += 1;
    const cancelTimeout = this.#clock.after(timeoutMs, () => this.#timeOut(watcher, request));
    if (request.wantsBookmarks) this.#bookmark(watcher, group);
    watcher.onLeave = () => {
      cancelTimeout();
      this.#bookmarked.delete(watcher);
      group.watchers.delete(watcher);
      this.#watchers -= 1;
      if (group.watchers.size === 0) this.#index.drop(group);
      if (this.#watchers === 0) this.#rest();
    };
    this.#begin(watcher, request);
  }

  #subscribe(): void {
    const { kind, store } = this.#registry;
    this.#unsubscribe ??= store.watch(
      prefixOf(kind.resource),
      store.revision,
      (events) => this.#deliver(events),
    );
  }

  #rest(): void {
    this.#unsubscribe?.();
    this.#cancelBookmarks?.();
    this.#unsubscribe = this.#cancelBookmarks = undefined;
  }

  #deliver(events: readonly StoreEvent[]): void {
    const touched = new Set<WatchGroup>();
    for (const event of events) {
      const shared = new SharedEvent(event);
      for (const group of this.#index.groupsOf(event)) {
        this.#take(group, shared);
        touched.add(group);
      }
    }
    for (const group of touched) group.settle();
  }

  /** An event that can't be shown must not be missed: who should have seen it has to list again. */
  #take(group: WatchGroup, shared: SharedEvent): void {
    try {
      group.take(shared);
    } catch (error) {
      this.#log("A watch can't show an event", { key: shared.event.key, error });
      this.#end(group);
    }
  }

  #end(group: WatchGroup): void {
    for (const watcher of [...group.watchers]) watcher.finish();
  }

  #begin(watcher: Watcher, request: WatchRequest): void {
    const { store } = this.#registry;
    const { after } = request;
    try {
      if (after === undefined) watcher.begin(this.#state(request));
      else if (after === store.revision) watcher.begin([].values());
      else this.#catchUp(watcher, request, after);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      watcher.begin([errorLine(error, request.rendering)].values());
      watcher.finish();
    }
  }

  /** The state as it is now, in parts made while the client takes them. */
  #state(request: WatchRequest): Iterator<Uint8Array> {
    const { selection, rendering, namespace } = request;
    const { kind, store } = this.#registry;
    const versions = store.list(prefixOf(kind.resource, namespace));
    const { revision } = store;
    const tally = this.#tally;
    function* lines() {
      for (const version of versions) {
        const isSeen = selection.isEverything || selection.matches(version.object);
        if (!isSeen) continue;
        tally.sent += 1;
        yield eventLine("ADDED", version, rendering);
      }
      if (request.marksInitialEnd) yield bookmarkLine(kind, rendering, revision, true);
    }
    return inParts(lines(), PART_BYTES);
  }

  /** The store delivers history before anything new, in the turn of the call or in its first microtask. */
  #catchUp(watcher: Watcher, request: WatchRequest, after: Revision): void {
    const { kind, store } = this.#registry;
    const until = store.revision;
    if (after > until) throw fromTheFuture(after, until);
    const history: StoreEvent[] = [];
    const stop = store.watch(prefixOf(kind.resource, request.namespace), after, (events) => {
      for (const event of events) if (event.revision <= until) history.push(event);
    });
    queueMicrotask(() => {
      stop();
      watcher.begin(inParts(linesOf(history, request), PART_BYTES));
    });
  }

  #timeOut(watcher: Watcher, { wantsBookmarks, rendering }: WatchRequest): void {
    const { kind, store } = this.#registry;
    this.#bookmarked.get(watcher)?.group.flush();
    if (wantsBookmarks) watcher.push(bookmarkLine(kind, rendering, store.revision));
    watcher.finish();
  }

  #bookmark(watcher: Watcher, group: WatchGroup): void {
    this.#bookmarked.set(watcher, { group, revision: this.#registry.store.revision });
    this.#cancelBookmarks ??= this.#clock.after(BOOKMARK_INTERVAL_MS, () => this.#sendBookmarks());
  }

  #sendBookmarks(): void {
    const { kind, store } = this.#registry;
    const { revision } = store;
    for (const [watcher, told] of this.#bookmarked) {
      if (told.revision === revision) continue;
      told.group.flush();
      watcher.push(bookmarkLine(kind, told.group.rendering, revision));
      told.revision = revision;
    }
    this.#cancelBookmarks = this.#bookmarked.size === 0
      ? undefined
      : this.#clock.after(BOOKMARK_INTERVAL_MS, () => this.#sendBookmarks());
  }
}

function* linesOf(events: readonly StoreEvent[], { selection, rendering }: WatchRequest) {
  for (const event of events) {
    const type = eventTypeFor(event, selection);
    if (type !== undefined) yield new SharedEvent(event).line(type, rendering);
  }
}

/** Only a store that lost its newest state, or another one, can be behind its client: it must list again. */
export function fromTheFuture(after: Revision, current: Revision): StatusError {
  return new StatusError("Expired", `too large resource version: ${after} (${current})`);
}
