import type { Clock, Log, Random } from "../../api/types/ambient.ts";
import type { Api } from "../../client/api.ts";
import { Informers } from "../../client/informer.ts";
import { runControllers } from "../../controllers/manager.ts";
import { runScheduler } from "../../scheduler/loop.ts";
import { Life, ProcessClock } from "./life.ts";
import { Cable, Link, type LinkHears } from "./link.ts";
import { Dice, randomFrom, skewFrom } from "./seeded.ts";
import type { SimulatedServer } from "./server.ts";

export interface ComponentParts {
  readonly server: SimulatedServer;
  readonly clock: Clock;
  readonly seed: number;
  readonly hears: LinkHears;
  readonly log: Log;
  /** Puts a mistake between the component and the API. */
  readonly sabotage?: ((api: Api) => Api) | undefined;
}

interface Surroundings {
  readonly api: Api;
  readonly cache: Informers;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/** What can be started and killed: the scheduler, or the controllers. */
export class SimulatedComponent {
  readonly cable = new Cable();
  #life = new Life();
  #starts = 0;
  readonly #parts: ComponentParts;
  readonly #skewMs: number;
  readonly #run: (surroundings: Surroundings) => Promise<void>;

  constructor(
    readonly name: string,
    run: (surroundings: Surroundings) => Promise<void>,
    parts: ComponentParts,
  ) {
    this.#run = run;
    this.#parts = parts;
    this.#skewMs = skewFrom(new Dice(randomFrom(parts.seed, `clock of the ${name}`)));
    this.#life.end();
  }

  get isUp(): boolean {
    return !this.#life.isOver;
  }

  /** The time by its own clock. */
  get now(): number {
    return this.#parts.clock.now() + this.#skewMs;
  }

  start(): void {
    if (this.isUp) return;
    const { clock: base, seed, server, hears, log, sabotage } = this.#parts;
    const life = this.#life = new Life();
    this.#starts += 1;
    const clock = new ProcessClock(base, life, this.#skewMs);
    const random = randomFrom(seed, `${this.name} ${this.#starts}`);
    const dice = new Dice(randomFrom(seed, `cable of ${this.name} ${this.#starts}`));
    const link = new Link(this.cable, { server, clock, dice, life, hears });
    const api = sabotage?.(link) ?? link;
    const { signal } = life;
    const say: Log = (message, figures) =>
      void (life.isOver || log(`${this.name}: ${message}`, figures));
    const shared = { api, clock, random, signal, log: say };
    this.#run({ ...shared, cache: new Informers(shared) })
      .catch((error) => hears.onViolation(`the ${this.name} died: ${error.stack}`));
  }

  crash(): void {
    this.#life.end();
  }
}

export function simulatedScheduler(parts: ComponentParts): SimulatedComponent {
  return new SimulatedComponent("scheduler", (around) => runScheduler(around), parts);
}

export function simulatedControllers(parts: ComponentParts): SimulatedComponent {
  const localVolumes = { folder: "/volumes" };
  const run = (around: Surroundings) => runControllers({ ...around, localVolumes });
  return new SimulatedComponent("controllers", run, parts);
}
