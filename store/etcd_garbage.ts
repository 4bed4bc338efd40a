import type { HeldChange } from "./etcd_layout.ts";
import type { Revision } from "./ledger.ts";

/** A version that nobody needs once a change is forgotten: `because` is the change. */
export interface Garbage {
  readonly because: Revision;
  readonly revision: Revision;
  /** What its parts are called after, where it has some. */
  readonly partsOf: string | undefined;
}

/** What a compaction may take away, kept as changes go by. */
export class EtcdGarbage {
  /** Everything up to here was noted. */
  noted: Revision = 0;
  /** Which versions lie in parts, and whose. */
  readonly #parts = new Map<Revision, string>();
  /** In the order of `because`. */
  #garbage: Garbage[] = [];

  /** Begins anew with all the changes that there are. */
  noteAll(changes: readonly HeldChange[], head: Revision): void {
    this.#parts.clear();
    this.#garbage = [];
    const isThere = new Set(changes.map(({ revision }) => revision));
    for (const { replaced, ...change } of changes) {
      this.note({ ...change, replaced: isThere.has(replaced ?? 0) ? replaced : undefined });
    }
    this.noted = head;
  }

  /** What the change makes superfluous when it is forgotten itself. */
  note({ revision, replaced, append, held }: HeldChange): void {
    if (typeof held === "number") this.#parts.set(revision, append);
    if (replaced !== undefined) this.#discard(replaced, revision);
    if (held === undefined) this.#discard(revision, revision);
    this.noted = Math.max(this.noted, revision);
  }

  /** In the order of revisions: what is left after a crash still tells what it replaced. */
  dueAt(revision: Revision): readonly Garbage[] {
    return this.#garbage.filter(({ because }) => because <= revision)
      .sort((a, b) => a.revision - b.revision);
  }

  forgetUpTo(revision: Revision): void {
    this.#garbage = this.#garbage.filter(({ because }) => because > revision);
  }

  #discard(revision: Revision, because: Revision): void {
    this.#garbage.push({ because, revision, partsOf: this.#parts.get(revision) });
    this.#parts.delete(revision);
  }
}
