/** Since when what has held, for one key. What a plan does not ask for is forgotten after it. */
export class Facts {
  #known = new Map<string, number>();
  #asked = new Map<string, number>();

  since(fact: string, now: number): number {
    const since = this.#asked.get(fact) ?? this.#known.get(fact) ?? now;
    this.#asked.set(fact, since);
    return since;
  }

  /** As the plan before had it, without asking on its behalf. */
  heldSince(fact: string, now: number): number {
    return this.#known.get(fact) ?? now;
  }

  /** To be called after each plan. @returns false when there is nothing to remember */
  turn(): boolean {
    this.#known = this.#asked;
    this.#asked = new Map();
    return this.#known.size > 0;
  }
}
