import assert from "node:assert/strict";
import type { Pod } from "../../api/types/core_v1.ts";
import { FakeClock } from "../../client/fake_clock.ts";
import { type RuntimeContainer, SANDBOX } from "../runtime.ts";
import { FakeMeters } from "./fake_meters.ts";
import { SAMPLE_EVERY_MS, Sampler } from "./sampler.ts";
import { StatsPages } from "./stats_pages.ts";

Deno.test("sampler: use of CPU is a rate between samples, from the start of a container on", async () => {
  const world = new World();
  world.meters.cpu(1, 500_000_000);
  const first = await world.rate();
  assert.deepEqual(first, { nanoCores: 50_000_000, windowSeconds: 10 });
  world.meters.cpu(1, 500_000_000 + 3_750_000_000);
  await world.clock.advance(SAMPLE_EVERY_MS);
  assert.deepEqual(await world.rate(), { nanoCores: 250_000_000, windowSeconds: 15 });
});

Deno.test("sampler: who asks twice in a moment is answered from the same figures", async () => {
  const world = new World();
  await world.rate();
  world.meters.cpu(1, 9_000_000_000);
  await world.clock.advance(4_000);
  assert.equal((await world.rate())?.nanoCores, 0);
  assert.equal(world.meters.measured, 1);
});

Deno.test("sampler: counters that went back give no rate, and what has ended is left out", async () => {
  const world = new World();
  world.meters.cpu(1, 5_000_000_000);
  await world.rate();
  world.meters.cpu(1, 1);
  await world.clock.advance(SAMPLE_EVERY_MS);
  assert.deepEqual(await world.rate(), { nanoCores: 0, windowSeconds: 0 });
  world.meters.end(1);
  await world.clock.advance(SAMPLE_EVERY_MS);
  assert.equal(await world.rate(), undefined);
});

Deno.test("stats: the kubelet's summary, whole and short", async () => {
  const world = new World();
  world.meters.cpu(1, 1_000_000_000);
  const whole = JSON.parse(await world.page("stats/summary"));
  const [pod] = whole.pods;
  assert.deepEqual(pod.podRef, { name: "web", namespace: "default", uid: "u" });
  assert.deepEqual(pod.containers.map(({ name }: { name: string }) => name), ["a"]);
  assert.equal(pod.containers[0].cpu.usageNanoCores, 100_000_000);
  assert.equal(pod.containers[0].memory.availableBytes, (1 << 20) - 1000);
  assert.equal(pod.memory.workingSetBytes, 2000, "the sandbox counts for its pod");
  assert.equal(pod.network.name, "eth0");
  assert.equal(whole.node.fs.capacityBytes, 1000);
  const short = JSON.parse(await world.page("stats/summary", "only_cpu_and_memory=true"));
  assert.deepEqual(Object.keys(short.node).sort(), ["cpu", "memory", "nodeName", "startTime"]);
  assert.equal(short.pods[0].network, undefined);
});

Deno.test("stats: metrics with the kubelet's and cAdvisor's names", async () => {
  const world = new World();
  world.meters.cpu(1, 1_500_000_000);
  const resource = await world.page("metrics/resource");
  const labels = 'container="a",namespace="default",pod="web"';
  assert.ok(resource.includes(`container_cpu_usage_seconds_total{${labels}} 1.5\n`), resource);
  assert.ok(resource.includes("node_memory_working_set_bytes 500\n"));
  const cadvisor = await world.page("metrics/cadvisor");
  const ofContainer = 'container="a",id="/1",image="shop:1",name="1",namespace="default",pod="web"';
  assert.ok(cadvisor.includes(`container_memory_working_set_bytes{${ofContainer}} 1000\n`));
  const ofInterface = 'namespace="default",pod="web",interface="eth0"';
  assert.ok(cadvisor.includes(`container_network_receive_bytes_total{${ofInterface}} 1\n`));
  const own = await world.page("metrics");
  assert.match(own, /^kubelet_running_pods 1$/m);
  for (const text of [resource, cadvisor, own]) {
    for (const line of text.trim().split("\n")) {
      assert.match(line, /^(# (HELP|TYPE) .+|[a-z_]+(\{([a-z]+="[^"]*",?)+\})? [\d.e+-]+)$/);
    }
  }
  assert.equal(await world.find("stats/else"), undefined);
});

/** A node with one pod of one container, whose process is 1; that of its sandbox is 2. */
class World {
  readonly clock = new FakeClock();
  readonly meters = new FakeMeters();
  readonly sampler: Sampler;
  readonly pages: StatsPages;

  constructor() {
    const startedAt = this.clock.now() - 10_000;
    const containers = [containerOf("a", 1, startedAt), containerOf(SANDBOX, 2, startedAt)];
    const { clock, meters } = this;
    this.sampler = new Sampler({ clock, meters, containers: () => containers });
    const pods = () => [POD];
    const { sampler } = this;
    this.pages = new StatsPages({
      ...{ clock, sampler, pods },
      nodeName: "n1",
      residentBytes: () => 1,
    });
  }

  async rate() {
    return (await this.sampler.sample()).pods.get("u")?.containers[0]?.rate;
  }

  find(path: string, query = "") {
    return this.pages.page(path.split("/"), new URLSearchParams(query));
  }

  async page(path: string, query = ""): Promise<string> {
    return (await this.find(path, query))?.body ?? "";
  }
}

const POD: Pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web", namespace: "default", uid: "u" },
  spec: { containers: [{ name: "a", resources: { limits: { memory: "1Mi" } } }] },
  status: { phase: "Running" },
};

function containerOf(name: string, pid: number, startedAt: number): RuntimeContainer {
  const pod = { uid: "u", namespace: "default", name: "web" };
  const state = "running";
  const id = String(pid);
  return { id, pod, name, pid, startedAt, state, image: "shop:1" } as RuntimeContainer;
}
