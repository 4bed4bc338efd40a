import type { KernelAnswers } from "./kernel_answers.ts";
import type { Prepared } from "./records.ts";

/** About 600 bytes each; the oldest go. Source: about as many as CoreDNS keeps. */
const ANSWERS_MAX = 10_240;

/** Answers as bytes, by question, and which of them a change makes wrong. */
export class PreparedAnswers {
  readonly #answers = new Map<string, Prepared>();
  /** Questions by what their answers depend on; mostly it is one. */
  readonly #dependents = new Map<string, string | Set<string>>();

  /** @param kernel has the same answers, but those that it leaves to us */
  constructor(readonly kernel?: KernelAnswers) {}

  get(question: string): Prepared | undefined {
    return this.#answers.get(question);
  }

  /** @param dependsOn "" for what never changes */
  set(question: string, answer: Prepared, dependsOn: readonly string[]): void {
    if (this.#answers.size >= ANSWERS_MAX) this.#dropOldest();
    this.#answers.set(question, answer);
    for (const key of dependsOn) if (key !== "") this.#connect(key, question);
    this.kernel?.set(question, answer);
  }

  drop(key: string): void {
    const questions = this.#dependents.get(key);
    if (questions === undefined) return;
    this.#dependents.delete(key);
    this.#forget(typeof questions === "string" ? [questions] : [...questions]);
  }

  #forget(questions: readonly string[]): void {
    for (const question of questions) this.#answers.delete(question);
    this.kernel?.delete(questions);
  }

  clear(): void {
    this.#answers.clear();
    this.#dependents.clear();
  }

  #connect(key: string, question: string): void {
    const known = this.#dependents.get(key);
    if (known === undefined) this.#dependents.set(key, question);
    else if (typeof known !== "string") known.add(question);
    else if (known !== question) this.#dependents.set(key, new Set([known, question]));
  }

  /** A quarter at once, so that the index is gone through rarely. */
  #dropOldest(): void {
    const oldest = [...this.#answers.keys()].slice(0, ANSWERS_MAX / 4);
    this.#forget(oldest);
    for (const [key, questions] of this.#dependents) {
      const left = (typeof questions === "string" ? [questions] : [...questions])
        .filter((question) => this.#answers.has(question));
      if (left.length === 0) this.#dependents.delete(key);
      else this.#dependents.set(key, left.length === 1 ? left[0]! : new Set(left));
    }
  }
}
