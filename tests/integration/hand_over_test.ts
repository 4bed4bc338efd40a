/** Masters that take turns at leading: whatever the moment, what one has written the next does not write again. */
import assert from "node:assert/strict";
import type { Pod, ReplicationController } from "../../api/types/core_v1.ts";
import { NODES, PODS, REPLICATION_CONTROLLERS } from "../../api/types/resources.ts";
import { StatusError } from "../../api/types/status.ts";
import type { Api } from "../../client/api.ts";
import { runElected } from "../../client/election.ts";
import { FakeApi } from "../../client/fake_api.ts";
import { FakeClock } from "../../client/fake_clock.ts";
import { Informers } from "../../client/informer.ts";
import { runControllers } from "../../controllers/manager.ts";
import { nodeWith } from "../../scheduler/fake_world.ts";
import { runScheduler } from "../../scheduler/loop.ts";

const SECOND = 1_000;
const ROUNDS = 12;
/** A leader that is cut off gives up after 5 s, another begins after 8. */
const TURN_MS_MAX = 20 * SECOND;

for (const seed of [1, 2, 3, 4]) {
  Deno.test(`election: leaders change at any moment and no pod is made or placed twice, seed ${seed}`, async () => {
    const scene = new Scene(seed);
    await scene.begin();
    for (let round = 0; round < ROUNDS; round += 1) {
      await scene.disturb();
      await scene.pass(scene.random() * TURN_MS_MAX);
    }
    await scene.heal();
    await scene.pass(60 * SECOND);
    assert.deepEqual(await scene.unplaced(), []);
    assert.equal((await scene.pods()).length, scene.wanted);
    assert.ok(scene.leaders > 3, `${scene.leaders} times somebody led`);
    await scene.end();
  });
}

/** One process, its way to the API, and what it is in the course of doing. */
interface Master {
  isCut: boolean;
  readonly ending: AbortController;
  readonly done: Promise<unknown>;
}

class Scene {
  readonly clock = new FakeClock();
  readonly api = new FakeApi(this.clock);
  readonly #masters: Master[] = [];
  #leader: Master | undefined;
  readonly #bound = new Map<string, string>();
  #state: number;
  #made = 0;
  wanted = 20;
  leaders = 0;

  constructor(seed: number) {
    this.#state = seed;
  }

  random = () => (this.#state = this.#state * 48271 % 2147483647) / 2147483647;

  async begin(): Promise<void> {
    const room = { cpu: "64", memory: "64Gi", pods: "500" };
    for (const name of ["n1", "n2", "n3"]) await this.api.create(NODES, nodeWith(name, room));
    await this.api.create(REPLICATION_CONTROLLERS, controller(this.wanted));
    for (let i = 0; i < 2; i += 1) this.#start();
  }

  #start(): void {
    const ending = new AbortController();
    const { signal } = ending;
    const master = { isCut: false, ending, done: Promise.resolve<unknown>(undefined) };
    const api = this.#lineOf(master);
    const log = () => {};
    const shared = { api, clock: this.clock, random: this.random, log };
    const lead = async (signal: AbortSignal) => {
      this.leaders += 1;
      this.#leader = master;
      const cache = new Informers({ ...shared, signal });
      const leading = { ...shared, cache, signal };
      await Promise.all([runControllers(leading), runScheduler(leading)]);
    };
    const identity = `master-${this.#made += 1}`;
    master.done = runElected({ ...shared, signal, name: "leader", identity, lead });
    this.#masters.push(master);
  }

  /** Counts what is bound on the way, and pods that there are. */
  #lineOf(master: { isCut: boolean }): Api {
    return new Proxy<Api>(this.api, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name, target);
        if (typeof method !== "function" || name === "watch") {
          return typeof method === "function" ? method.bind(target) : method;
        }
        return async (...args: unknown[]) => {
          if (master.isCut) throw new StatusError("ServiceUnavailable", "cut off");
          const answer: unknown = await method.apply(target, args);
          if (name === "bind") this.#noteBound(args as [string, string, string, string]);
          if (name === "create") await this.#countPods();
          if (master.isCut) throw new StatusError("ServiceUnavailable", "the answer was lost");
          return answer;
        };
      },
    });
  }

  #noteBound([, name, uid]: [string, string, string, string]): void {
    assert.equal(this.#bound.get(uid), undefined, `${name} is placed twice`);
    this.#bound.set(uid, name);
  }

  async #countPods(): Promise<void> {
    const { length } = await this.pods();
    assert.ok(length <= this.wanted, `${length} pods instead of ${this.wanted}`);
  }

  /** Cuts the leader off, or ends it in order, or mends all; and wants more pods. */
  async disturb(): Promise<void> {
    const leader = this.#masters.find((master) => master === this.#leader);
    const dice = this.random();
    for (const master of this.#masters) master.isCut = master === leader && dice < 0.4;
    if (leader !== undefined && dice >= 0.4 && dice < 0.8) {
      this.#masters.splice(this.#masters.indexOf(leader), 1);
      leader.ending.abort();
      this.#start();
    }
    this.wanted += Math.floor(this.random() * 10);
    const target = { namespace: "default", name: "web" };
    const spec = { replicas: this.wanted };
    await this.api.patch(REPLICATION_CONTROLLERS, target, "merge", { spec });
  }

  async heal(): Promise<void> {
    for (const master of this.#masters) master.isCut = false;
    await this.clock.settle();
  }

  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
  }

  async pods(): Promise<Pod[]> {
    return (await this.api.list(PODS, { namespace: "default" })).items;
  }

  async unplaced(): Promise<string[]> {
    return (await this.pods()).filter(({ spec }) => !spec.nodeName)
      .map(({ metadata }) => metadata.name);
  }

  async end(): Promise<void> {
    for (const { ending } of this.#masters) ending.abort();
    await this.clock.settle();
    await Promise.all(this.#masters.map(({ done }) => done));
  }
}

function controller(replicas: number): ReplicationController {
  const labels = { app: "web" };
  const tolerations = [{ operator: "Exists" as const }];
  return {
    apiVersion: "v1",
    kind: "ReplicationController",
    metadata: { name: "web", namespace: "default" },
    spec: {
      replicas,
      selector: labels,
      template: {
        metadata: { name: "", labels },
        spec: { tolerations, containers: [{ name: "main", image: "img" }] },
      },
    },
  };
}
