/** Services that sleep while nobody wants them: who asked for one, and where its clients wait meanwhile. */
import type { Clock } from "../api/types/ambient.ts";
import type { PodAddress, ServiceRule } from "./rules.ts";

/** So long after the last attempt a service still counts as wanted, unless it has pods by then. */
const WANTED_MS = 30_000;
/** A client waits so long for a pod: longer than most give a connection. */
const HOLD_MS_MAX = 60_000;
/** Services that may sleep on this node with their clients held; those of more are refused. Below SLEEPERS_MAX. */
const HOLDERS_MAX = 256;

/** Takes connections in place of pods that do not run yet. */
export interface Holder {
  /**
   * Asking again changes nothing. @param served the pod that a connection goes to, once there is one; undefined: none came
   * @returns where connections are taken; undefined where that is not possible
   */
  hold(
    rule: string,
    served: () => Promise<PodAddress | undefined>,
  ): Promise<PodAddress | undefined>;
  release(rule: string): void;
}

export interface WakingOptions {
  readonly clock: Clock;
  /** Absent: connections are refused, and only the attempt is told. */
  readonly holder?: Holder | undefined;
  /** False: whoever may reach which pod is restricted, which a holder between them would hide. */
  readonly mayHold?: () => boolean;
}

export class Waking {
  #rules: ReadonlyMap<string, ServiceRule> = new Map();
  readonly #attempts = new Map<string, number>();
  readonly #listeners = new Set<() => void>();
  readonly #waiting = new Set<() => void>();
  readonly #with: WakingOptions;

  constructor(options: WakingOptions) {
    this.#with = options;
  }

  /** @returns by the name of each rule that may sleep: who takes its connections; undefined where none may */
  async holders(
    services: readonly ServiceRule[],
  ): Promise<ReadonlyMap<string, PodAddress | undefined> | undefined> {
    const asked = services.filter(({ wakes }) => wakes === true);
    if (asked.length === 0 && this.#rules.size === 0) return undefined;
    const { holder, mayHold = () => true } = this.#with;
    const rules = new Map(asked.map((rule) => [rule.name, rule]));
    for (const name of this.#rules.keys()) if (!rules.has(name)) holder?.release(name);
    this.#rules = rules;
    const found = new Map<string, PodAddress | undefined>();
    for (const { name, protocol } of asked) {
      const isHeld = protocol === "TCP" && found.size < HOLDERS_MAX && mayHold();
      found.set(name, isHeld ? await holder?.hold(name, () => this.#served(name)) : undefined);
    }
    return found;
  }

  /** The kernel has the rules that `holders` saw. */
  programmed(): void {
    for (const name of this.#attempts.keys()) if (this.#podOf(name)) this.#attempts.delete(name);
    for (const wake of [...this.#waiting]) wake();
  }

  /** Somebody connected to a service without pods. */
  note(rule: string): void {
    if (!this.#rules.has(rule) || this.#podOf(rule) !== undefined) return;
    const isNews = !this.#isWanted(rule);
    this.#attempts.set(rule, this.#with.clock.now());
    if (isNews) { for (const listener of this.#listeners) listener(); }
  }

  /** `namespace/name` of services without pods that somebody asked for a moment ago, in order. */
  wanted(): string[] {
    for (const name of this.#attempts.keys()) {
      if (!this.#isWanted(name)) this.#attempts.delete(name);
    }
    return [...new Set([...this.#attempts.keys()].map(serviceOf))].sort();
  }

  /** `namespace/name` of every service that may sleep, and the names of its rules. */
  watched(): ReadonlyMap<string, readonly string[]> {
    return Map.groupBy(this.#rules.keys(), serviceOf);
  }

  /** Calls `listener` when a service is wanted that was not. */
  onWanted(listener: () => void): void {
    this.#listeners.add(listener);
  }

  #isWanted(name: string): boolean {
    const at = this.#attempts.get(name);
    return at !== undefined && this.#with.clock.now() - at < WANTED_MS;
  }

  #podOf(name: string): PodAddress | undefined {
    const [first] = this.#rules.get(name)?.backends ?? [];
    return first;
  }

  async #served(name: string): Promise<PodAddress | undefined> {
    this.note(name);
    const { clock, mayHold = () => true } = this.#with;
    if (!mayHold()) return undefined; // since it was told where to wait
    const over = new AbortController();
    const look = () => this.#podOf(name) !== undefined && over.abort();
    this.#waiting.add(look);
    look();
    await clock.sleep(HOLD_MS_MAX, over.signal);
    this.#waiting.delete(look);
    return this.#podOf(name);
  }
}

/** Of `namespace/name:port`. */
function serviceOf(rule: string): string {
  return rule.slice(0, rule.indexOf(":"));
}
