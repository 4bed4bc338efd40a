import assert from "node:assert/strict";

/** `kind/namespace/name`, where kind is the path segment. */
export type Id = string;

/** What the reference knows of an object: as much as the operations change. */
export interface Thing {
  readonly uid: string;
  readonly revision: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly data: Readonly<Record<string, string>>;
  readonly finalizers: readonly string[];
  readonly isGoing: boolean;
}

/** One write: `after` is undefined where it removed the thing. */
export interface Change {
  readonly id: Id;
  readonly revision: number;
  readonly before: Thing | undefined;
  readonly after: Thing | undefined;
}

/** The simplest store there is: a map, and a list of everything that ever happened to it. */
export class Reference {
  readonly log: Change[] = [];
  readonly #things = new Map<Id, Thing>();
  readonly #versions = new Map<Id, Change[]>();

  /** @param revision of the store before the first change */
  constructor(public revision: number) {}

  get(id: Id): Thing | undefined {
    return this.#things.get(id);
  }

  get ids(): Id[] {
    return [...this.#things.keys()].sort();
  }

  /** Changes come in the order of their revisions, without gaps. */
  apply(id: Id, revision: number, after: Thing | undefined): void {
    assert.equal(revision, this.revision + 1, `the write of ${id} has another revision`);
    this.revision = revision;
    const change = { id, revision, before: this.get(id), after };
    this.log.push(change);
    const versions = this.#versions.get(id) ?? [];
    this.#versions.set(id, versions);
    versions.push(change);
    if (versions.length > 2 * VERSIONS_MAX) versions.splice(0, VERSIONS_MAX);
    if (after === undefined) this.#things.delete(id);
    else this.#things.set(id, after);
  }

  /** As things were after `revision`, in order; as far back as is remembered. */
  at(revision: number): [Id, Thing][] {
    const found: [Id, Thing][] = [];
    for (const [id, versions] of this.#versions) {
      const after = versions.findLast((change) => change.revision <= revision)?.after;
      if (after !== undefined) found.push([id, after]);
    }
    return found.sort(([a], [b]) => (a < b ? -1 : 1));
  }

  /** Changes with a revision after this one. */
  after(revision: number): Change[] {
    const first = this.log[0]?.revision ?? 1;
    return this.log.slice(Math.max(0, revision + 1 - first));
  }
}

/** Versions of one thing that are remembered: more than the history of the store under test. */
const VERSIONS_MAX = 1_000;

/** What a list or a watch sees of everything. */
export interface Scope {
  readonly kind: string;
  /** Absent: all namespaces. */
  readonly namespace?: string;
  /** As the query has it, and what it means. */
  readonly selector: Selector;
}

export interface Selector {
  readonly query: string;
  sees(name: string, thing: Thing): boolean;
}

export const SELECTORS: readonly Selector[] = [
  { query: "", sees: () => true },
  { query: "labelSelector=app%3Da", sees: (_, { labels }) => labels["app"] === "a" },
  { query: "labelSelector=app%21%3Da", sees: (_, { labels }) => labels["app"] !== "a" },
  {
    query: "labelSelector=app+in+%28a%2Cb%29",
    sees: (_, { labels: { app = "" } }) => app === "a" || app === "b",
  },
  { query: "labelSelector=%21app", sees: (_, { labels }) => labels["app"] === undefined },
  { query: "fieldSelector=metadata.name%3Dn1", sees: (name) => name === "n1" },
  {
    query: "fieldSelector=metadata.name%21%3Dn1&labelSelector=app",
    sees: (name, { labels }) => name !== "n1" && labels["app"] !== undefined,
  },
];

export function isIn({ kind, namespace }: Scope, id: Id): boolean {
  return id.startsWith(namespace === undefined ? `${kind}/` : `${kind}/${namespace}/`);
}

export function nameOf(id: Id): string {
  return id.slice(id.lastIndexOf("/") + 1);
}

export function sees(scope: Scope, id: Id, thing: Thing | undefined): boolean {
  return thing !== undefined && isIn(scope, id) && scope.selector.sees(nameOf(id), thing);
}

/** The event that a watch of this scope gets of a change, as text; undefined where it gets none. */
export function eventOf(scope: Scope, { id, revision, before, after }: Change): string | undefined {
  const was = sees(scope, id, before);
  if (sees(scope, id, after)) return eventText(was ? "MODIFIED" : "ADDED", id, after!, revision);
  return was ? eventText("DELETED", id, before!, revision) : undefined;
}

export function eventText(type: string, id: Id, thing: Thing, revision = thing.revision): string {
  return `${type} ${id}@${revision} ${thing.uid} ${textOf(thing)}`;
}

/** What counts of a thing, in one order. */
export function textOf({ labels, data, finalizers, isGoing }: Thing): string {
  const sorted = (map: Readonly<Record<string, string>>) => Object.entries(map).sort();
  return JSON.stringify([sorted(labels), sorted(data), finalizers, isGoing]);
}
