import type { ManagedFieldsEntry } from "../api/types/meta.ts";

/** Sets kept of one generation, some 4 KB each: templates and managers of a cluster make far fewer. */
const SETS_MAX = 2_000;

/** Longer texts are sets of single large objects, and not looked for. */
const TEXT_LENGTH_MAX = 16_384;

/**
 * Sets of managed fields, each once. Most objects come from few templates, so few sets are held by many; apart
 * they would be two thirds of what objects take in memory.
 */
export class SharedFields {
  #young = new Map<string, object>();
  #old = new Map<string, object>();
  readonly #known = new WeakSet<object>();

  /** @returns the entries with sets that are kept in the place of equal ones; the same list where none changes */
  shared(entries: readonly ManagedFieldsEntry[]): readonly ManagedFieldsEntry[] {
    let changed: ManagedFieldsEntry[] | undefined;
    for (const [at, entry] of entries.entries()) {
      const fieldsV1 = this.#one(entry.fieldsV1);
      if (fieldsV1 !== entry.fieldsV1) (changed ??= [...entries])[at] = { ...entry, fieldsV1 };
    }
    return changed ?? entries;
  }

  #one(fields: unknown): unknown {
    if (typeof fields !== "object" || fields === null || this.#known.has(fields)) return fields;
    const text = JSON.stringify(fields);
    if (text.length > TEXT_LENGTH_MAX) return fields;
    const known = this.#young.get(text) ?? this.#old.get(text) ?? fields;
    this.#known.add(known);
    this.#keep(text, known);
    return known;
  }

  /** What was not met since the generation before is forgotten. */
  #keep(text: string, fields: object): void {
    if (this.#young.has(text)) return;
    if (this.#young.size >= SETS_MAX) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(text, fields);
  }
}
