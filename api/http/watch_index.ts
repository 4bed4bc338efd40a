import type { KubeObject } from "../types/meta.ts";
import type { StoreEvent } from "../../store/store.ts";
import type { AnyKind } from "../registry/kind.ts";
import { fieldReader, type ReadField, type Selection } from "../registry/selection.ts";
import type { Rendering } from "./rendering.ts";
import type { WatchGroup } from "./watch_group.ts";

interface Wanted {
  readonly namespace: string | undefined;
  readonly selection: Selection;
  readonly rendering: Rendering;
}

/** Groups that can see an object only while one of its fields has a certain value. */
interface Shelf {
  readonly read: ReadField;
  readonly byValue: Map<string, Set<WatchGroup>>;
}

/**
 * Finds the groups that an event may concern without asking each of them: a thousand agents that watch
 * `spec.nodeName=their-own` cost an event two lookups.
 */
export class GroupIndex {
  readonly #kind: AnyKind;
  readonly #byText = new Map<string, WatchGroup>();
  readonly #shelves = new Map<string, Shelf>();
  /** Groups that see objects whatever their fields. */
  readonly #everywhere = new Set<WatchGroup>();
  readonly #removals = new Map<WatchGroup, () => void>();

  constructor(kind: AnyKind) {
    this.#kind = kind;
  }

  all(): Iterable<WatchGroup> {
    return this.#byText.values();
  }

  groupFor({ namespace, selection, rendering }: Wanted, make: () => WatchGroup): WatchGroup {
    const text = JSON.stringify([namespace ?? null, selection.text, rendering.text]);
    const known = this.#byText.get(text);
    if (known !== undefined) return known;
    const group = make();
    const remove = this.#place(group, namespace, selection);
    this.#byText.set(text, group);
    this.#removals.set(group, () => {
      remove();
      this.#byText.delete(text);
    });
    return group;
  }

  drop(group: WatchGroup): void {
    this.#removals.get(group)?.();
    this.#removals.delete(group);
  }

  *groupsOf({ current, previous }: StoreEvent): Generator<WatchGroup, void> {
    yield* this.#everywhere;
    for (const { read, byValue } of this.#shelves.values()) {
      const now = read(current.object as KubeObject);
      yield* byValue.get(now) ?? [];
      const before = previous === undefined ? now : read(previous.object as KubeObject);
      if (before !== now) yield* byValue.get(before) ?? [];
    }
  }

  /** @returns how to take the group out again */
  #place(group: WatchGroup, namespace: string | undefined, { fields }: Selection): () => void {
    const term = fields.terms.find(({ isEqual, field }) => isEqual && field !== NAMESPACE);
    const { field, value } = namespace === undefined
      ? term ?? { field: "", value: "" }
      : { field: NAMESPACE, value: namespace };
    const read = fieldReader(this.#kind, field);
    if (read !== undefined) return this.#shelve(group, field, read, value);
    this.#everywhere.add(group);
    return () => this.#everywhere.delete(group);
  }

  #shelve(group: WatchGroup, field: string, read: ReadField, value: string): () => void {
    const shelf = this.#shelves.get(field) ?? { read, byValue: new Map() };
    this.#shelves.set(field, shelf);
    const groups = shelf.byValue.get(value) ?? new Set();
    shelf.byValue.set(value, groups.add(group));
    return () => {
      groups.delete(group);
      if (groups.size === 0 && shelf.byValue.get(value) === groups) shelf.byValue.delete(value);
    };
  }
}

const NAMESPACE = "metadata.namespace";
