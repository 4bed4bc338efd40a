/**
 * Where a walk through an object stands. Steps are kept as they are: the text is made only for a mistake.
 * Fields and items are steps of their own: `spec`, `containers`, 0, `image`.
 */
export class FieldPath {
  readonly #steps: (string | number)[] = [];
  #depth = 0;

  enter(step: string | number): void {
    this.#steps[this.#depth++] = step;
  }

  leave(): void {
    this.#depth--;
  }

  get depth(): number {
    return this.#depth;
  }

  /** True below the field of this name of the object itself. */
  isUnder(name: string): boolean {
    return this.#depth > 0 && this.#steps[0] === name;
  }

  /** `spec.containers[0].image`; with `last`, the path of that field of the present place. */
  toString(last?: string): string {
    const steps = this.#steps.slice(0, this.#depth);
    if (last !== undefined) steps.push(last);
    let text = "";
    for (const step of steps) {
      text += typeof step === "number" ? `[${step}]` : text === "" ? step : `.${step}`;
    }
    return text;
  }
}
