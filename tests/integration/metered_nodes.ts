import assert from "node:assert/strict";
import type { AgentTransport } from "../../api/http/agents.ts";
import { FakeClock } from "../../client/fake_clock.ts";
import { type Harness, podNamed, startApi } from "./harness.ts";

export const MEASURED_AT = "2026-01-01T00:00:00Z";

const STATUS = { allocatable: { cpu: "1", memory: "4Mi" } };

/** An API server with a pod of two containers on each of its nodes, and agents that say what they are told to. */
export class MeteredNodes implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly asked: string[] = [];
  readonly silent = new Set<string>();
  readonly says = new Map<string, string>();
  api!: Harness;
  readonly #uids = new Map<string, string>();

  static async open(nodes: readonly string[]): Promise<MeteredNodes> {
    const world = new MeteredNodes();
    world.api = await startApi({ clock: world.clock, agents: world.#agents() });
    for (const node of nodes) await world.#add(node);
    return world;
  }

  async #add(name: string): Promise<void> {
    await this.api.call("POST", "/api/v1/nodes", { metadata: { name }, status: STATUS });
    const pods = "/api/v1/namespaces/default/pods";
    const pod = podNamed(`web-${name}`, {
      metadata: { name: `web-${name}`, labels: { on: name } },
    });
    const { body } = await this.api.call("POST", pods, pod);
    await this.api.call("POST", `${pods}/web-${name}/binding`, { target: { name } });
    this.#uids.set(name, body.metadata.uid);
  }

  #agents(): AgentTransport {
    return {
      connect: () => Promise.reject(new Error("nothing is streamed here")),
      fetch: ({ metadata: { name } }, path) => {
        assert.equal(path, "/stats/summary?only_cpu_and_memory=true");
        this.asked.push(name);
        if (this.silent.has(name)) return new Promise(() => {});
        return Promise.resolve(new Response(this.says.get(name) ?? this.#summaryOf(name)));
      },
    };
  }

  #summaryOf(node: string): string {
    const figures = (usageNanoCores: number, workingSetBytes: number) => ({
      cpu: { time: MEASURED_AT, usageNanoCores, windowSeconds: 15 },
      memory: { time: MEASURED_AT, workingSetBytes },
    });
    const containers = [{ name: "a", ...figures(1_500_000, 2048) }, {
      name: "b",
      ...figures(0, 0),
    }];
    const podRef = { uid: this.#uids.get(node) };
    return JSON.stringify({ node: figures(250_000_000, 1 << 20), pods: [{ podRef, containers }] });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.api[Symbol.asyncDispose]();
  }
}
