import assert from "node:assert/strict";
import type { Answer, Harness, Watch, WatchedEvent } from "../harness.ts";
import {
  eventOf,
  eventText,
  type Id,
  type Reference,
  type Scope,
  sees,
  type Thing,
} from "./reference.ts";

/** Longer is a hang, or an event that never comes. */
const WAIT_MS = 10_000;

function collectionOf({ kind, namespace }: Scope): string {
  return namespace === undefined ? `/api/v1/${kind}` : `/api/v1/namespaces/${namespace}/${kind}`;
}

export function urlOf(scope: Scope, ...more: readonly string[]): string {
  const query = [scope.selector.query, ...more].filter((part) => part !== "").join("&");
  return `${collectionOf(scope)}${query === "" ? "" : `?${query}`}`;
}

/** An object of the API as the reference sees it. */
export function thingOf(object: WatchedEvent["object"]): Thing {
  const { metadata, data = {} } = object;
  return {
    uid: metadata.uid,
    revision: Number(metadata.resourceVersion),
    labels: metadata.labels ?? {},
    data,
    finalizers: metadata.finalizers ?? [],
    isGoing: metadata.deletionTimestamp !== undefined,
  };
}

/** @throws {AssertionError} unless the list shows what the reference says was there at the list's revision */
export function holdList(scope: Scope, { code, body }: Answer, reference: Reference): number {
  assert.equal(code, 200, JSON.stringify(body));
  const revision = Number(body.metadata.resourceVersion);
  const got = body.items.map((item: WatchedEvent["object"]) =>
    eventText("HAS", idOf(scope.kind, item), thingOf(item))
  );
  assert.deepEqual(got, stateOf(scope, revision, reference, "HAS"));
  return revision;
}

export function stateOf(scope: Scope, revision: number, reference: Reference, type: string) {
  return reference.at(revision).filter(([id, thing]) => sees(scope, id, thing))
    .map(([id, thing]) => eventText(type, id, thing));
}

export function idOf(kind: string, { metadata }: WatchedEvent["object"]): Id {
  return `${kind}/${metadata.namespace}/${metadata.name}`;
}

/** How a watch begins: at a revision, at a list's, or with the state. */
export type Beginning = { after: number } | "list" | "state" | "watch-list";

/** A client that watches, and that knows what it should have seen. */
export class Watching {
  readonly #reference: Reference;
  readonly #received: string[] = [];
  #watch: Watch | undefined;
  /** Where the expectation goes on: all changes up to here are told or were never to be. */
  #position = 0;
  /** What is to come before the changes. */
  #first: string[] = [];
  #lastRevision = 0;
  #arrived: () => void = () => {};
  #reading: Promise<void> = Promise.resolve();

  constructor(readonly scope: Scope, reference: Reference) {
    this.#reference = reference;
  }

  /** Only while nothing is being written, but for `after`. */
  async open(api: Harness, beginning: Beginning): Promise<void> {
    const reference = this.#reference;
    this.#first = [];
    if (typeof beginning === "object") this.#position = beginning.after;
    else if (beginning === "list") await this.#list(api);
    else {
      this.#position = reference.revision;
      this.#first = stateOf(this.scope, this.#position, reference, "ADDED");
      if (beginning === "watch-list") this.#first.push(`BOOKMARK ${this.#position}`);
    }
    this.#lastRevision = this.#position;
    await this.#connect(api, beginning);
  }

  /** Goes on after the last event that came, as a client does whose connection broke. */
  async resume(api: Harness): Promise<void> {
    await this.close();
    const isExpired = this.#lastRevision < api.store.compacted;
    if (isExpired) await this.settle(false);
    await this.#connect(api, { after: this.#lastRevision });
    if (!isExpired) return;
    await this.#until(() => this.#received.length > 0);
    assert.deepEqual(this.#received.splice(0), ["ERROR Expired"]);
    await this.close();
    await this.open(api, "list");
  }

  async close(): Promise<void> {
    await this.#watch?.close();
    await this.#reading;
  }

  /**
   * Holds what came against what was to come: no event less, none more, none in another order.
   * @param isWhole everything must have come; otherwise what has not may be missing
   */
  async settle(isWhole = true): Promise<void> {
    const { scope } = this;
    const reference = this.#reference;
    const want = [
      ...this.#first,
      ...reference.after(this.#position).map((change) => eventOf(scope, change))
        .filter((event) => event !== undefined),
    ];
    if (isWhole) await this.#until(() => this.#received.length >= want.length);
    const got = this.#received.splice(0);
    assert.deepEqual(got, isWhole ? want : want.slice(0, got.length), urlOf(scope));
    this.#first = [];
    this.#position = reference.revision;
    if (isWhole) this.#lastRevision = Math.max(this.#lastRevision, this.#position);
  }

  async #list(api: Harness): Promise<void> {
    const answer = await api.call("GET", urlOf(this.scope));
    this.#position = holdList(this.scope, answer, this.#reference);
  }

  async #connect(api: Harness, beginning: Beginning): Promise<void> {
    const from = typeof beginning === "object" ? beginning.after : this.#position;
    const query = beginning === "state"
      ? ""
      : beginning === "watch-list"
      ? "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
      : `resourceVersion=${from}`;
    const watch = await api.watch(urlOf(this.scope, "watch=true", query));
    this.#watch = watch;
    this.#reading = this.#read(watch);
  }

  async #read(watch: Watch): Promise<void> {
    try {
      for (let event = await watch.next(); event !== undefined; event = await watch.next()) {
        this.#received.push(this.#text(event));
        this.#arrived();
      }
    } catch (error) {
      if (!(error instanceof TypeError)) throw error; // the server cut the connection
    }
  }

  #text({ type, object }: WatchedEvent): string {
    if (type === "ERROR") return `ERROR ${object.reason}`;
    const revision = Number(object.metadata.resourceVersion);
    this.#lastRevision = Math.max(this.#lastRevision, revision);
    if (type === "BOOKMARK") return `BOOKMARK ${revision}`;
    return eventText(type, idOf(this.scope.kind, object), thingOf(object), revision);
  }

  async #until(isThere: () => boolean): Promise<void> {
    const from = Date.now();
    while (!isThere()) {
      const left = WAIT_MS - (Date.now() - from);
      if (left <= 0) return; // the comparison that follows says what is missing
      let timer: ReturnType<typeof setTimeout> | undefined;
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
        timer = setTimeout(resolve, left);
      });
      clearTimeout(timer);
    }
  }
}
