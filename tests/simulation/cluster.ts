import type { KubeObject } from "../../api/types/meta.ts";
import { NODES } from "../../api/types/resources.ts";
import type { Api } from "../../client/api.ts";
import { FakeClock } from "../../client/fake_clock.ts";
import { controllerOf } from "../../client/owners.ts";
import type { Store, StoreEvent } from "../../store/store.ts";
import { simulatedAgents } from "./agents.ts";
import { type SimulatedComponent, simulatedControllers, simulatedScheduler } from "./components.ts";
import { boundOnce } from "./invariants/bound_once.ts";
import { onlyReadyEndpoints } from "./invariants/endpoints.ts";
import type { Invariant } from "./invariants/invariant.ts";
import { fencedNodesAreEmpty, ordinalsRunOnce } from "./invariants/nodes.ts";
import { quotaHolds, quotaIsTrue } from "./invariants/quota.ts";
import { noStartTwice } from "./invariants/schedules.ts";
import { oneVolumeForOneClaim } from "./invariants/volumes.ts";
import { noMoreThanWanted } from "./invariants/replicas.ts";
import { noHotLoop } from "./invariants/writes.ts";
import { Cable, CALM, Link, type LinkHears, type Weather } from "./link.ts";
import { Life } from "./life.ts";
import { SimulatedNode } from "./nodes.ts";
import { Dice, randomFrom } from "./seeded.ts";
import { SimulatedServer } from "./server.ts";
import { Sight } from "./sight.ts";
import { Trace } from "./trace.ts";

/** A mistake that is put in on purpose, to see whether it is found. */
export interface Sabotage {
  readonly store?: (store: Store) => Store;
  readonly api?: (api: Api, store: Store) => Api;
  /** Between the controllers and the API. */
  readonly controllers?: (api: Api) => Api;
}

export interface ClusterOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly keepsLines: boolean;
  readonly sabotage?: Sabotage | undefined;
}

/** Everything that makes up a cluster, in one process and under one clock. */
export class SimulatedCluster {
  readonly clock = new FakeClock();
  readonly trace: Trace;
  readonly sight = new Sight();
  readonly server: SimulatedServer;
  readonly scheduler: SimulatedComponent;
  readonly controllers: SimulatedComponent;
  readonly nodes: SimulatedNode[];
  /** What a user's kubectl goes through: nothing goes wrong there. */
  readonly user: Api;
  /** The first thing that went wrong. */
  violation: string | undefined;
  /** When the controllers were last kept from their work. */
  troubledAt = 0;
  readonly #invariants: readonly Invariant[];
  readonly #lost = new Map<string, number>();

  constructor({ seed, nodes, keepsLines, sabotage = {} }: ClusterOptions) {
    const { clock } = this;
    this.trace = new Trace(clock, keepsLines);
    const onEvents = (events: readonly StoreEvent[]) => this.#take(events);
    const agents = simulatedAgents((name) => this.nodes.find((node) => node.name === name), {
      loadMilli: () => this.server.loadMilli,
      now: () => this.now,
    });
    const server = this.server = new SimulatedServer({ clock, seed, onEvents, sabotage, agents });
    const hears: LinkHears = {
      onLostCreate: (object) => this.#noteLost(object),
      onViolation: (what) => this.#violate(what),
    };
    const log = (message: string) => this.trace.add(`  ${message}`);
    const parts = { server, clock, seed, hears, log };
    this.scheduler = simulatedScheduler(parts);
    this.controllers = simulatedControllers({ ...parts, sabotage: sabotage.controllers });
    this.nodes = Array.from({ length: nodes }, (_, index) => new SimulatedNode(index, parts));
    const dice = new Dice(randomFrom(seed, "user"));
    this.user = new Link(new Cable(), { server, clock, dice, hears, life: new Life() });
    this.#invariants = [
      boundOnce(),
      noMoreThanWanted(this.#lost),
      quotaHolds(),
      quotaIsTrue(),
      oneVolumeForOneClaim(),
      noHotLoop(),
      noStartTwice(),
      onlyReadyEndpoints(),
      fencedNodesAreEmpty(),
      ordinalsRunOnce(),
    ];
  }

  get now(): number {
    return this.clock.now();
  }

  async start(): Promise<void> {
    await this.server.start();
    this.scheduler.start();
    this.controllers.start();
    for (const node of this.nodes) node.start();
  }

  /** What befalls messages between the processes from now on. */
  setWeather(weather: Weather): void {
    for (const { cable } of [this.scheduler, this.controllers, ...this.nodes]) {
      cable.weather = weather;
    }
  }

  /** Keeps new pods from a node, or lets them come again. */
  async cordon(name: string, unschedulable: boolean): Promise<void> {
    await this.user.patch(NODES, { namespace: "", name }, "merge", { spec: { unschedulable } });
  }

  /** Everything works and is reached again. */
  async mend(): Promise<void> {
    this.setWeather(CALM);
    this.server.isFull = false;
    await this.server.start();
    for (const component of [this.scheduler, this.controllers]) {
      component.cable.heal();
      component.start();
    }
    for (const node of this.nodes) {
      node.heal();
      node.startEngine();
      node.start();
      // one that has not registered yet has nothing to be freed from
      void this.cordon(node.name, false).catch(() => {});
    }
  }

  /** Goes on from timer to timer, and looks after each whether all that must hold does. */
  async advance(ms: number): Promise<void> {
    const end = this.now + ms;
    await this.clock.settle();
    while (this.now < end && this.violation === undefined) {
      const left = end - this.now;
      await this.clock.advance(Math.min(this.clock.untilNext ?? left, left));
      if (!this.#isHealthy()) this.troubledAt = this.now;
      await this.#look();
    }
  }

  /** Kills everything, so that nothing of it goes on in the process. */
  end(): void {
    this.scheduler.crash();
    this.controllers.crash();
    for (const node of this.nodes) node.crash();
    this.server.crash();
  }

  #isHealthy(): boolean {
    const { server, controllers } = this;
    return server.isUp && !server.isFull && controllers.isUp && !controllers.cable.isCut;
  }

  #seen = -1;

  async #look(): Promise<void> {
    const second = Math.floor(this.now / 1000);
    const calls = this.nodes.reduce((sum, { host }) => sum + host.runtime.calls.length, second);
    if (calls === this.#seen) return;
    this.#seen = calls;
    for (const { onStep } of this.#invariants) {
      const wrong = await onStep?.(this);
      if (wrong !== undefined) this.#violate(wrong);
    }
  }

  #take(events: readonly StoreEvent[]): void {
    for (const event of events) {
      const { type, key, revision, current } = event;
      this.trace.add(`${type} ${key} @${revision}`, current.bytes);
      const change = this.sight.take(event);
      for (const { onChange } of this.#invariants) {
        const wrong = onChange?.(change, this.sight, this.now);
        if (wrong !== undefined) this.#violate(wrong);
      }
    }
  }

  #violate(what: string): void {
    this.trace.add(`BROKEN: ${what}`);
    this.violation ??= what;
  }

  #noteLost(object: KubeObject): void {
    const owner = controllerOf(object);
    if (owner === undefined) return;
    this.#lost.set(owner.uid, (this.#lost.get(owner.uid) ?? 0) + 1);
  }
}
