interface Run {
  first: number;
  count: number;
}

/**
 * Which slots of the backends map are free. First fit over runs in order of `first`; neighbours are joined when
 * they come back. Pure bookkeeping: when a slot may be taken again is the caller's business.
 */
export class SlotBlocks {
  readonly #free: Run[];

  constructor(readonly size: number) {
    this.#free = [{ first: 0, count: size }];
  }

  /** @returns the first slot of `count` adjoining ones, 0 for none, undefined when there is no such room */
  take(count: number): number | undefined {
    if (count === 0) return 0;
    const index = this.#free.findIndex((run) => run.count >= count);
    const run = this.#free[index];
    if (run === undefined) return undefined;
    const { first } = run;
    run.first += count;
    run.count -= count;
    if (run.count === 0) this.#free.splice(index, 1);
    return first;
  }

  /** Takes exactly these slots. @returns false when one of them is taken already */
  claim(first: number, count: number): boolean {
    if (count === 0) return true;
    const index = this.#after(first) - 1;
    const run = this.#free[index];
    if (run === undefined || first + count > run.first + run.count) return false;
    const before = { first: run.first, count: first - run.first };
    const behind = { first: first + count, count: run.first + run.count - first - count };
    this.#free.splice(index, 1, ...[before, behind].filter((each) => each.count > 0));
    return true;
  }

  /** Gives slots back that were taken. */
  release(first: number, count: number): void {
    if (count === 0) return;
    const index = this.#after(first);
    const before = this.#free[index - 1];
    const behind = this.#free[index];
    const joinsBefore = before !== undefined && before.first + before.count === first;
    const joinsBehind = behind !== undefined && first + count === behind.first;
    if (joinsBefore) before.count += count + (joinsBehind ? behind.count : 0);
    else if (joinsBehind) Object.assign(behind, { first, count: count + behind.count });
    else this.#free.splice(index, 0, { first, count });
    if (joinsBefore && joinsBehind) this.#free.splice(index, 1);
  }

  /** Index of the first run that begins behind `slot`. */
  #after(slot: number): number {
    let low = 0;
    let high = this.#free.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#free[middle]?.first ?? 0) <= slot) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
