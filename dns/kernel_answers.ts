import type { Log } from "../api/types/ambient.ts";
import type { Prepared } from "./records.ts";

export interface KernelQuestion {
  /** As on the wire, in lower case, a letter for each byte. */
  readonly name: string;
  readonly type: number;
}

/** A table in the kernel, from which questions of pods are answered before they reach the agent. */
export interface KernelTable {
  /** Empties it, and answers at this address from here on; undefined: nowhere. */
  answerAt(address: string | undefined): void;
  /** @returns false for what it leaves to the agent */
  set(question: KernelQuestion, answer: Prepared): boolean;
  delete(questions: readonly KernelQuestion[]): void;
  /** Answers given, by code. */
  given(): ReadonlyMap<number, number>;
}

/** The kernel's answers, or that it has none: no failure there keeps the agent from answering. */
export class KernelAnswers {
  #trouble: string | undefined;
  readonly #listeners: (() => void)[] = [];

  constructor(readonly table: KernelTable, readonly log: Log) {}

  /** Why the agent answers all by itself; undefined where the kernel helps. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** Told when `trouble` changes. */
  onTrouble(listener: () => void): void {
    this.#listeners.push(listener);
  }

  answerAt(address: string | undefined): void {
    try {
      this.table.answerAt(address);
      this.#setTrouble(undefined);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  /** @param question the name, and the type as one more letter */
  set(question: string, answer: Prepared): void {
    if (this.#trouble !== undefined) return;
    try {
      this.table.set(asked(question), answer);
    } catch (error) {
      this.#giveUp(error);
    }
  }

  delete(questions: readonly string[]): void {
    if (this.#trouble !== undefined || questions.length === 0) return;
    try {
      this.table.delete(questions.map(asked));
    } catch (error) {
      this.#giveUp(error);
    }
  }

  given(): ReadonlyMap<number, number> {
    return this.table.given();
  }

  /** What it knows may be wrong from here on. */
  #giveUp(error: unknown): void {
    let trouble = error instanceof Error ? error.message : String(error);
    try {
      this.table.answerAt(undefined);
    } catch (second) {
      trouble += `; ${second instanceof Error ? second.message : second}`;
    }
    this.log("the agent answers all names by itself", { reason: trouble });
    this.#setTrouble(trouble);
  }

  #setTrouble(trouble: string | undefined): void {
    if (trouble === this.#trouble) return;
    this.#trouble = trouble;
    for (const listener of this.#listeners) listener();
  }
}

function asked(question: string): KernelQuestion {
  const end = question.length - 1;
  return { name: question.slice(0, end), type: question.charCodeAt(end) };
}
