/** What every service backend must do, with real sockets of the host and of pods. */
import assert from "node:assert/strict";
import type { Backend } from "./backend.ts";
import { askTcp, ECHO_PORT, UdpClient } from "./echo_pod_contract.ts";
import { leftovers, NODE_IP, OUTSIDE_IP, PodWorld } from "./pod_world_contract.ts";
import type { Frontend, PodAddress, Protocol, Rules, ServiceRule } from "./rules.ts";

const VIP = "10.197.0.10";
const OTHER_VIP = "10.197.0.11";
const NODE_PORT = 30_197;
const CONNECTIONS = 3_000;
const AT_ONCE_MS = 200;

export interface BackendUnderTest {
  readonly name: string;
  /** Opens on what an earlier one left, as a restarted agent does. */
  open(world: PodWorld): Promise<Backend>;
  /** Sockets see the virtual address as their peer, and 127.0.0.1 answers on node ports. */
  readonly isAtConnect: boolean;
}

interface Scene {
  readonly world: PodWorld;
  readonly pods: readonly PodAddress[];
  backend: Backend;
}

type Step = (scene: Scene, under: BackendUnderTest) => Promise<void>;

export function testBackend(under: BackendUnderTest): void {
  Deno.test(`${under.name}: passes the backend contract`, async (t) => {
    const world = await PodWorld.create(`test-${under.name}`);
    try {
      await world.addPods(3);
      await world.addOutside();
      const pods = world.pods.map(({ ip }) => ({ ip, port: ECHO_PORT }));
      const scene = { world, pods, backend: await under.open(world) };
      for (const [name, step] of Object.entries(STEPS)) {
        await t.step(name, () => step(scene, under));
      }
      await scene.backend.remove();
    } finally {
      await world.remove();
    }
    assert.deepEqual(await leftovers(world.names), []);
  });
}

const STEPS: Readonly<Record<string, Step>> = {
  async "pods and node reach each other by their own addresses"({ world, pods }) {
    for (const [i, { ip }] of pods.entries()) {
      const answer = await askTcp(ip, ECHO_PORT);
      assert.equal(answer.name, `pod-${i}`);
    }
    const from = world.pods[0];
    const to = world.pods[1];
    assert(from !== undefined && to !== undefined);
    const answer = await from.echo.ask({ protocol: "tcp", host: to.ip, port: ECHO_PORT });
    assert.equal(answer.client.split(":")[0], from.ip);
  },

  async "TCP through the virtual address is spread evenly"({ backend, pods }) {
    await backend.sync(rules(tcp("web", pods)));
    assertEven(await countTcp(VIP, 80, CONNECTIONS));
  },

  async "TCP from a pod is spread evenly and shows the pod's address"({ world }) {
    const pod = world.pods[0];
    assert(pod !== undefined);
    const counts = new Map<string, number>();
    for (let i = 0; i < 60; i++) {
      const { name, client } = await pod.echo.ask({ protocol: "tcp", host: VIP, port: 80 });
      counts.set(name, (counts.get(name) ?? 0) + 1);
      if (name !== "pod-0") assert.equal(client.split(":")[0], pod.ip);
    }
    assert.equal(counts.size, 3, "also itself, by the hairpin");
  },

  async "UDP through the virtual address is spread evenly"({ backend, pods }) {
    await backend.sync(rules(tcp("web", pods), udp("dns", pods)));
    const counts = new Map<string, number>();
    for (let i = 0; i < CONNECTIONS; i++) {
      const client = new UdpClient();
      const { name, server } = await client.ask(VIP, 53);
      client.close();
      assert.equal(server, `${VIP}:53`);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    assertEven(counts);
  },

  async "the peer of a socket is the virtual address"(_scene, { isAtConnect }) {
    if (!isAtConnect) return;
    const { server } = await askTcp(VIP, 80);
    assert.equal(server, `${VIP}:80`);
    const mapped = await askTcp(`::ffff:${VIP}`, 80);
    assert.match(mapped.server, new RegExp(`${VIP}:80$`));
  },

  async "a socket of IPv6 reaches the service by the mapped address"() {
    const client = new UdpClient("udp6");
    const { server } = await client.ask(`::ffff:${VIP}`, 53);
    client.close();
    assert.equal(server, `::ffff:${VIP}:53`);
  },

  async "an unconnected UDP socket stays with its pod until that is removed"({ backend, pods }) {
    const client = new UdpClient();
    const first = await client.ask(VIP, 53);
    await backend.sync(rules(udp("dns", [...pods, { ip: "10.198.0.250", port: ECHO_PORT }])));
    for (let i = 0; i < 10; i++) assert.equal((await client.ask(VIP, 53)).name, first.name);
    const left = pods.filter((_, i) => `pod-${i}` !== first.name);
    await backend.sync(rules(udp("dns", left)));
    const second = await client.ask(VIP, 53);
    client.close();
    assert.notEqual(second.name, first.name);
    assert.equal(second.server, `${VIP}:53`);
  },

  async "a pod that left the endpoints gets no new connection"({ backend, pods }) {
    await backend.sync(rules(tcp("web", pods.slice(1))));
    const counts = await countTcp(VIP, 80, 200);
    assert.deepEqual([...counts.keys()].sort(), ["pod-1", "pod-2"]);
  },

  async "a service without endpoints refuses at once"({ backend, world }) {
    await backend.sync(rules(tcp("web", []), udp("dns", [])));
    const startMs = performance.now();
    await assert.rejects(askTcp(VIP, 80), { code: "ECONNREFUSED" });
    assert(performance.now() - startMs < AT_ONCE_MS);
    const pod = world.pods[0];
    const answer = await pod?.echo.ask({ protocol: "tcp", host: VIP, port: 80 });
    assert.equal(answer?.error, "ECONNREFUSED");
  },

  async "a service that has endpoints again answers again"({ backend, pods }) {
    await backend.sync(rules(tcp("web", pods.slice(0, 1))));
    assert.equal((await askTcp(VIP, 80)).name, "pod-0");
  },

  async "a service that moves to another address answers there only"({ backend, pods }) {
    const moved = { ...tcp("web", pods), frontends: [frontend(OTHER_VIP, 80)] };
    await backend.sync(rules(moved));
    await askTcp(OTHER_VIP, 80);
    await assert.rejects(askTcp(VIP, 80, AT_ONCE_MS));
    await backend.sync(
      rules({ ...tcp("new", pods.slice(2)), frontends: [frontend(OTHER_VIP, 80)] }),
    );
    assert.equal(
      (await askTcp(OTHER_VIP, 80)).name,
      "pod-2",
      "its address went to another service",
    );
  },

  async "a removed service answers no more"({ backend }) {
    await backend.sync(rules());
    await assert.rejects(askTcp(OTHER_VIP, 80, AT_ONCE_MS));
  },

  async "a node port answers on the node's addresses, for clients inside and outside"(
    { backend, pods, world },
    { isAtConnect },
  ) {
    const nodePort = [frontend(VIP, 80), { port: NODE_PORT, isExternal: true }];
    await backend.sync(rules({ ...tcp("web", pods), frontends: nodePort }));
    assert.equal((await countTcp(NODE_IP, NODE_PORT, 60)).size, 3);
    if (isAtConnect) assert.equal((await countTcp("127.0.0.1", NODE_PORT, 60)).size, 3);
    const pod = world.pods[0];
    const target = { protocol: "tcp", host: NODE_IP, port: NODE_PORT } as const;
    assert.equal((await pod?.echo.ask(target))?.error, undefined);
    const outside = await world.outside?.ask(target);
    assert.equal(outside?.error, undefined);
    assert.equal(outside?.client.split(":")[0], OUTSIDE_IP, "the client's own address");
  },

  async "a node port without endpoints refuses, inside and outside"({ backend, world }) {
    const nodePort = [{ port: NODE_PORT, isExternal: true }];
    await backend.sync(rules({ ...tcp("web", []), frontends: nodePort }));
    await assert.rejects(askTcp(NODE_IP, NODE_PORT), { code: "ECONNREFUSED" });
    const target = { protocol: "tcp", host: NODE_IP, port: NODE_PORT } as const;
    assert.equal((await world.outside?.ask(target))?.error, "ECONNREFUSED");
  },

  async "affinity keeps a client on one pod, until that is removed"({ backend, pods }) {
    await backend.sync(rules({ ...tcp("web", pods), affinitySeconds: 60 }));
    const [first, ...others] = [...(await countTcp(VIP, 80, 50)).keys()];
    assert.deepEqual(others, []);
    const left = pods.filter((_, i) => `pod-${i}` !== first);
    await backend.sync(rules({ ...tcp("web", left), affinitySeconds: 60 }));
    const after = [...(await countTcp(VIP, 80, 50)).keys()];
    assert.equal(after.length, 1);
    assert.notEqual(after[0], first);
  },

  async "the same rules twice change nothing"({ backend, pods }) {
    await backend.sync(rules(tcp("web", pods)));
    await backend.sync(rules(tcp("web", pods)));
    assertEven(await countTcp(VIP, 80, CONNECTIONS));
  },

  async "a restart of the agent leaves no gap"(scene, under) {
    let isOver = false;
    const load = (async () => {
      let asked = 0;
      for (; !isOver; asked++) await askTcp(VIP, 80);
      return asked;
    })();
    for (let i = 0; i < 3; i++) {
      await scene.backend.close();
      await askTcp(VIP, 80);
      scene.backend = await under.open(scene.world);
      await scene.backend.sync(rules(tcp("web", scene.pods)));
    }
    isOver = true;
    assert((await load) > 0);
    const { ip } = scene.pods[0] ?? { ip: "" };
    await scene.backend.sync(rules(tcp("web", [{ ip, port: ECHO_PORT }])));
    assert.deepEqual([...(await countTcp(VIP, 80, 50)).keys()], ["pod-0"]);
  },
};

function rules(...services: ServiceRule[]): Rules {
  return { nodeAddresses: [NODE_IP], services };
}

function tcp(name: string, backends: readonly PodAddress[]): ServiceRule {
  return serviceRule(name, "TCP", 80, backends);
}

function udp(name: string, backends: readonly PodAddress[]): ServiceRule {
  return serviceRule(name, "UDP", 53, backends);
}

function serviceRule(
  name: string,
  protocol: Protocol,
  port: number,
  backends: readonly PodAddress[],
): ServiceRule {
  const frontends = [frontend(VIP, port)];
  return { name: `default/${name}:`, protocol, frontends, backends, affinitySeconds: 0 };
}

function frontend(address: string, port: number): Frontend {
  return { address, port, isExternal: false };
}

async function countTcp(host: string, port: number, times: number): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (let i = 0; i < times; i++) {
    const { name } = await askTcp(host, port);
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

/** Within 10 % of even. Random picks are: one pod of three is off by more once in 10,000 runs. */
function assertEven(counts: ReadonlyMap<string, number>): void {
  const share = CONNECTIONS / 3;
  assert.equal(counts.size, 3);
  for (const [name, count] of counts) {
    assert(Math.abs(count - share) <= share / 10, `${name} got ${count} of ${CONNECTIONS}`);
  }
}
