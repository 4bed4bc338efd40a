/** One count per node, by the node's slot. */
export class SlotCounts {
  #counts = new Int32Array(64);
  #total = 0;

  get total(): number {
    return this.#total;
  }

  /** May be shorter than the slots that are in use: what is missing is 0. */
  get bySlot(): Int32Array {
    return this.#counts;
  }

  at(slot: number): number {
    return this.#counts[slot] ?? 0;
  }

  add(slot: number, by: number): void {
    if (slot >= this.#counts.length) this.#counts = grown(this.#counts, slot);
    this.#counts[slot] = (this.#counts[slot] as number) + by;
    this.#total += by;
  }
}

function grown(counts: Int32Array, slot: number): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(Math.max(counts.length * 2, slot + 1));
  larger.set(counts);
  return larger;
}
