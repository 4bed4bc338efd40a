import {
  BACKEND_BYTES,
  BACKENDS_MAX,
  encodeBackends,
  flagsOf,
  type FrontendKey,
  frontendKeyOf,
  SERVICES_MAX,
  type ServiceValue,
} from "./maps.ts";
import type { Rules, ServiceRule } from "./rules.ts";
import { SlotBlocks } from "./slot_blocks.ts";

/** A program that found the old block has long returned by then; it runs for microseconds. */
const RECLAIM_AFTER_MS = 1_000;

/** What is to be written, in this order. */
export interface TableChanges {
  /** Fresh blocks, which nothing refers to yet. */
  readonly blocks: { first: number; bytes: Uint8Array<ArrayBuffer> }[];
  /** Counters to be set to zero, since their service is a new one. */
  readonly freshIds: number[];
  readonly updates: Map<FrontendKey, ServiceValue>;
  readonly deletes: FrontendKey[];
}

/** A service as it stands in the kernel. Never changed: replaced by another entry. */
interface Entry {
  /** With the flags of the first frontend. */
  readonly value: ServiceValue;
  readonly keys: readonly FrontendKey[];
  /** Of each key. */
  readonly flags: readonly number[];
  /** What its block holds: a rule's backends, or for what an earlier process left, bytes. */
  readonly holds: ServiceRule | Uint8Array;
}

interface Retired {
  readonly atMs: number;
  readonly value: ServiceValue;
  readonly hasId: boolean;
}

/**
 * What the maps of the kernel hold, and what must change to make them hold other rules. Every changed set of
 * backends gets a fresh block, so that one write of a hash value swaps the whole set. Pure bookkeeping.
 */
export class ServiceTable {
  readonly #slots = new SlotBlocks(BACKENDS_MAX);
  readonly #ids = new SlotBlocks(SERVICES_MAX);
  readonly #byKey = new Map<FrontendKey, Entry>();
  readonly #byName = new Map<string, Entry>();
  /** Of an earlier process, until the first plan. */
  readonly #left = new Set<Entry>();
  /** Rules of the last plan, in its order. */
  #planned: readonly ServiceRule[] = [];
  /** Frontends in the kernel that belong to no entry. */
  #strays: FrontendKey[] = [];
  #generation = 0;
  /** Ids are used again as late as can be: counters of single backends go by them. */
  #nextId = 0;
  #retired: Retired[] = [];

  /** Takes over what an earlier process left. @param backends the whole backends map */
  restore(
    frontends: ReadonlyMap<FrontendKey, ServiceValue>,
    backends: Uint8Array,
    nowMs: number,
  ): void {
    const entries = new Map<
      number,
      { value: ServiceValue; keys: FrontendKey[]; flags: number[] }
    >();
    for (const [key, value] of frontends) {
      this.#generation = Math.max(this.#generation, value.generation);
      const entry = entries.get(value.id);
      if (entry === undefined) entries.set(value.id, { value, keys: [key], flags: [value.flags] });
      else if (entry.value.generation === value.generation) {
        entry.keys.push(key);
        entry.flags.push(value.flags);
      } else this.#leaveStray(key, value, nowMs);
    }
    for (const { value, keys, flags } of entries.values()) {
      if (!this.#adopt({ value, keys, flags }, backends)) this.#strays.push(...keys);
    }
  }

  #adopt(found: Omit<Entry, "holds">, backends: Uint8Array): boolean {
    const { value, keys } = found;
    if (!this.#slots.claim(value.first, value.count)) return false;
    if (!this.#ids.claim(value.id, 1)) return false;
    const start = value.first * BACKEND_BYTES;
    const holds = backends.slice(start, start + value.count * BACKEND_BYTES);
    const entry = { ...found, holds };
    for (const key of keys) this.#byKey.set(key, entry);
    this.#nextId = Math.max(this.#nextId, value.id + 1) % SERVICES_MAX;
    this.#left.add(entry);
    return true;
  }

  /** A process that died between two writes leaves frontends of one service with different blocks. */
  #leaveStray(key: FrontendKey, value: ServiceValue, nowMs: number): void {
    this.#strays.push(key);
    if (!this.#slots.claim(value.first, value.count)) return;
    this.#retired.push({ atMs: nowMs, value, hasId: false });
  }

  /** Name of every rule that is programmed, its index in the counters map, and the rule. */
  *ids(): Iterable<[string, number, ServiceRule | undefined]> {
    for (const [name, { value, holds }] of this.#byName) {
      yield [name, value.id, holds instanceof Uint8Array ? undefined : holds];
    }
  }

  idOf(name: string): number | undefined {
    return this.#byName.get(name)?.value.id;
  }

  /**
   * Changes towards `rules`, taken as done: after a failure to write them, start over with a new table and `restore`.
   * @throws {Error} when the maps have no room for the rules
   */
  plan(rules: Rules, nowMs: number): TableChanges {
    this.#reclaim(nowMs);
    const changes: TableChanges = { blocks: [], freshIds: [], updates: new Map(), deletes: [] };
    const sizeBefore = this.#byName.size;
    const replaced: Entry[] = [];
    let kept = 0;
    const before = this.#planned;
    this.#planned = rules.services;
    for (const [i, rule] of rules.services.entries()) {
      if (before[i] === rule) {
        kept++;
        continue; // most, at most changes
      }
      const known = this.#byName.get(rule.name);
      if (known !== undefined) kept++;
      if (known?.holds === rule) continue;
      const from = known ?? this.#leftFor(rule);
      this.#byName.set(rule.name, this.#program(rule, from, changes, nowMs));
      if (from === undefined) continue;
      replaced.push(from);
      this.#left.delete(from);
    }
    for (const entry of replaced) this.#dropKeys(entry, changes);
    if (kept < sizeBefore) this.#dropServices(this.#namesMissingIn(rules), changes, nowMs);
    for (const entry of this.#left) this.#retire(entry, changes, nowMs);
    this.#left.clear();
    changes.deletes.push(...this.#strays.filter((key) => !this.#byKey.has(key)));
    this.#strays = [];
    return changes;
  }

  #namesMissingIn(rules: Rules): string[] {
    const names = new Set(rules.services.map(({ name }) => name));
    return [...this.#byName.keys()].filter((name) => !names.has(name));
  }

  #dropServices(names: readonly string[], changes: TableChanges, nowMs: number): void {
    for (const name of names) {
      const entry = this.#byName.get(name);
      if (entry !== undefined) this.#retire(entry, changes, nowMs);
      this.#byName.delete(name);
    }
  }

  #retire(entry: Entry, changes: TableChanges, nowMs: number): void {
    this.#dropKeys(entry, changes);
    this.#retired.push({ atMs: nowMs, value: entry.value, hasId: true });
  }

  #leftFor(rule: ServiceRule): Entry | undefined {
    for (const frontend of rule.frontends) {
      const entry = this.#byKey.get(frontendKeyOf(rule.protocol, frontend));
      if (entry !== undefined && this.#left.has(entry)) return entry;
    }
    return undefined;
  }

  #program(
    rule: ServiceRule,
    known: Entry | undefined,
    changes: TableChanges,
    nowMs: number,
  ): Entry {
    const bytes = encodeBackends(rule.backends);
    const id = known?.value.id ?? this.#freshId(changes);
    const block = known !== undefined && isEqual(bytesOf(known), bytes)
      ? known.value
      : this.#freshBlock(rule, bytes, changes);
    if (known !== undefined && block !== known.value) {
      this.#retired.push({ atMs: nowMs, value: known.value, hasId: false });
    }
    const { generation, first, count } = block;
    const keys = rule.frontends.map((frontend) => frontendKeyOf(rule.protocol, frontend));
    const flags = rule.frontends.map(flagsOf);
    const { affinitySeconds } = rule;
    const value = { id, generation, first, count, affinitySeconds, flags: flags[0] ?? 0 };
    const entry = { value, keys, flags, holds: rule };
    const isSame = known !== undefined && block === known.value &&
      known.value.affinitySeconds === affinitySeconds;
    keys.forEach((key, i) => {
      const own = flags[i] ?? 0;
      const isUnchanged = isSame && this.#byKey.get(key) === known &&
        known.flags[known.keys.indexOf(key)] === own;
      if (!isUnchanged) {
        changes.updates.set(key, own === value.flags ? value : { ...value, flags: own });
      }
      this.#byKey.set(key, entry);
    });
    return entry;
  }

  #freshId(changes: TableChanges): number {
    const id = this.#takeId();
    if (id === undefined) throw new Error(`Cannot program more than ${SERVICES_MAX} service ports`);
    changes.freshIds.push(id);
    return id;
  }

  #takeId(): number | undefined {
    for (let tried = 0; tried < SERVICES_MAX; tried++) {
      const id = this.#nextId;
      this.#nextId = (id + 1) % SERVICES_MAX;
      if (this.#ids.claim(id, 1)) return id;
    }
    return undefined;
  }

  #freshBlock(rule: ServiceRule, bytes: Uint8Array<ArrayBuffer>, changes: TableChanges) {
    const count = rule.backends.length;
    const first = this.#slots.take(count);
    if (first === undefined) {
      throw new Error(
        `Cannot program ${rule.name}: no room for ${count} backends among ${BACKENDS_MAX}`,
      );
    }
    if (count > 0) changes.blocks.push({ first, bytes });
    return { generation: ++this.#generation, first, count };
  }

  /** Keys that no other entry has taken over in the meantime. */
  #dropKeys(entry: Entry, changes: TableChanges): void {
    for (const key of entry.keys) {
      if (this.#byKey.get(key) !== entry) continue;
      this.#byKey.delete(key);
      changes.deletes.push(key);
    }
  }

  #reclaim(nowMs: number): void {
    const isDue = ({ atMs }: Retired) => nowMs - atMs >= RECLAIM_AFTER_MS;
    for (const { value, hasId } of this.#retired.filter(isDue)) {
      this.#slots.release(value.first, value.count);
      if (hasId) this.#ids.release(value.id, 1);
    }
    this.#retired = this.#retired.filter((each) => !isDue(each));
  }
}

/** Made again when they are compared: kept, they would be most of what a service takes here. */
function bytesOf({ holds }: Entry): Uint8Array {
  return holds instanceof Uint8Array ? holds : encodeBackends(holds.backends);
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
