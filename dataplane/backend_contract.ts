/** What every service backend must do, with real sockets of the host, of pods and of a machine outside. */
import assert from "node:assert/strict";
import type { Backend } from "./backend.ts";
import { type Answer, ECHO_PORT, type Target } from "./echo_pod_contract.ts";
import { type Addresses, type EchoProcess, leftovers, PodWorld } from "./pod_world_contract.ts";
import type { Frontend, PodAddress, Rules, ServiceRule } from "./rules.ts";

const NODE_PORT = 30_197;
/** So many that random picks are off by 15 % once in a hundred thousand runs. */
const CONNECTIONS = 2_000;
const SHARE_ERROR_MAX = 0.15;
const AT_ONCE_MS = 200;
/** Longer than the affinity of one second; of three pods the same comes so often once in a million runs. */
const AWAY_MS = 1_100;
const STAYS_AWAY_MAX = 13;

export interface BackendUnderTest {
  readonly name: string;
  /** Number of the world's addresses; see PodWorld. */
  readonly network: number;
  /** Opens on what an earlier one left, as a restarted agent does. */
  open(world: PodWorld): Promise<Backend>;
  /** Sockets see the virtual address as their peer, and 127.0.0.1 answers on node ports. */
  readonly isAtConnect: boolean;
}

interface Scene extends Addresses {
  readonly world: PodWorld;
  /** A process of the node, and one of a machine that knows the node only. */
  readonly host: EchoProcess;
  readonly away: EchoProcess;
  readonly pods: readonly PodAddress[];
  backend: Backend;
}

type Step = (scene: Scene, under: BackendUnderTest) => Promise<void>;

export function testBackend(under: BackendUnderTest): void {
  Deno.test(`${under.name}: passes the backend contract`, async (t) => {
    const world = await PodWorld.create(`test-${under.name}`, under.network);
    try {
      await world.addPods(3);
      const [host, away] = await Promise.all([world.addHost(), world.addOutside()]);
      const pods = world.pods.map(({ ip }) => ({ ip, port: ECHO_PORT }));
      const scene = {
        ...world.addresses,
        world,
        host,
        away,
        pods,
        backend: await under.open(world),
      };
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
  async "pods and node reach each other by their own addresses"({ world, host }) {
    for (const { ip, uid } of world.pods) {
      assert.equal((await host.ask({ protocol: "tcp", host: ip, port: ECHO_PORT })).name, uid);
    }
    const [from, to] = twoOf(world);
    const { client } = await from.echo.ask({ protocol: "tcp", host: to.ip, port: ECHO_PORT });
    assert.equal(addressOf(client), from.ip);
  },

  async "TCP through the virtual address is spread evenly"({ backend, host, vip, pods }) {
    await backend.sync(rules(web(vip, pods)));
    assertEven(await host.askMany(webAt(vip), CONNECTIONS));
  },

  async "TCP from a pod shows the pod's address, and reaches the pod itself too"({ world, vip }) {
    const [pod] = twoOf(world);
    const answers = await pod.echo.askMany(webAt(vip), 60);
    assert.equal(namesIn(answers).length, 3);
    for (const { name, client } of answers) {
      if (name !== pod.uid) assert.equal(addressOf(client), pod.ip);
    }
  },

  async "UDP through the virtual address is spread evenly"({ backend, host, vip, pods }) {
    await backend.sync(rules(web(vip, pods), dns(vip, pods)));
    const answers = await host.askMany(dnsAt(vip), CONNECTIONS);
    assertEven(answers);
    for (const { server } of answers) assert.equal(server, `${vip}:53`);
  },

  async "the peer of a socket is the virtual address"({ host, vip }, { isAtConnect }) {
    if (!isAtConnect) return;
    assert.equal((await host.ask(webAt(vip))).server, `${vip}:80`);
    assert((await host.ask(webAt(`::ffff:${vip}`))).server.endsWith(`${vip}:80`));
  },

  async "a socket of IPv6 reaches the service by the mapped address"({ host, vip }) {
    const target = { ...dnsAt(`::ffff:${vip}`), family: "udp6" } as const;
    assert.equal((await host.ask(target)).server, `::ffff:${vip}:53`);
  },

  async "an unconnected UDP socket stays with its pod until that is removed"(
    { backend, host, vip, pods, absentPod },
  ) {
    const target = { ...dnsAt(vip), socket: "kept" };
    const { name } = await host.ask(target);
    await backend.sync(rules(dns(vip, [...pods, { ip: absentPod, port: ECHO_PORT }])));
    assert.deepEqual(namesIn(await host.askMany(target, 20)), [name]);
    await backend.sync(rules(dns(vip, pods.filter((_, i) => `pod-${i}` !== name))));
    const after = await host.ask(target);
    assert.notEqual(after.name, name);
    assert.equal(after.server, `${vip}:53`);
  },

  async "a pod that left the endpoints gets no new connection"({ backend, host, vip, pods }) {
    await backend.sync(rules(web(vip, pods.slice(1))));
    assert.deepEqual(namesIn(await host.askMany(webAt(vip), 200)), ["pod-1", "pod-2"]);
  },

  async "a pod that is gone refuses at once"({ host, world, absentPod }) {
    const target = { protocol: "tcp", host: absentPod, port: ECHO_PORT } as const;
    await assert.rejects(host.ask(target), { code: "ECONNREFUSED" });
    await assert.rejects(twoOf(world)[0].echo.ask(target), { code: "ECONNREFUSED" });
  },

  async "a service without endpoints refuses at once"({ backend, host, world, vip }) {
    await backend.sync(rules(web(vip, []), dns(vip, [])));
    const startMs = performance.now();
    await assert.rejects(host.ask(webAt(vip)), { code: "ECONNREFUSED" });
    assert(performance.now() - startMs < AT_ONCE_MS);
    await assert.rejects(twoOf(world)[0].echo.ask(webAt(vip)), { code: "ECONNREFUSED" });
  },

  async "a service that has endpoints again answers again"({ backend, host, vip, pods }) {
    await backend.sync(rules(web(vip, pods.slice(0, 1))));
    assert.equal((await host.ask(webAt(vip))).name, "pod-0");
  },

  async "a service that moves to another address answers there only"(
    { backend, host, vip, otherVip, pods },
  ) {
    await backend.sync(rules(web(otherVip, pods)));
    await host.ask(webAt(otherVip));
    await assert.rejects(host.ask({ ...webAt(vip), waitMs: AT_ONCE_MS }));
    await backend.sync(rules({ ...web(otherVip, pods.slice(2)), name: "default/heir:" }));
    assert.equal((await host.ask(webAt(otherVip))).name, "pod-2");
  },

  async "a removed service answers no more"({ backend, host, otherVip }) {
    await backend.sync(rules());
    await assert.rejects(host.ask({ ...webAt(otherVip), waitMs: AT_ONCE_MS }));
  },

  async "a node port answers on the node's addresses, for clients inside and outside"(
    { backend, host, away, world, vip, pods, node, outside },
    { isAtConnect },
  ) {
    const frontends = [frontend(vip, 80), NODE_FRONTEND];
    await backend.sync(rulesOn(node, { ...web(vip, pods), frontends }));
    assert.equal(namesIn(await host.askMany(nodePortAt(node), 60)).length, 3);
    const loopback = nodePortAt("127.0.0.1");
    if (isAtConnect) assert.equal(namesIn(await host.askMany(loopback, 60)).length, 3);
    const [pod] = twoOf(world);
    await pod.echo.ask(nodePortAt(node));
    await assert.rejects(pod.echo.ask(loopback), { code: "ECONNREFUSED" }, "a pod's own loopback");
    const { client } = await away.ask(nodePortAt(node));
    assert.equal(addressOf(client), outside, "the client's own address");
  },

  async "a node port without endpoints refuses, inside and outside"(
    { backend, host, away, vip, node },
  ) {
    await backend.sync(rulesOn(node, { ...web(vip, []), frontends: [NODE_FRONTEND] }));
    await assert.rejects(host.ask(nodePortAt(node)), { code: "ECONNREFUSED" });
    await assert.rejects(away.ask(nodePortAt(node)), { code: "ECONNREFUSED" });
  },

  async "an address outside answers to whom it should, and always to the node and its pods"(
    { backend, host, away, world, vip, otherVip, pods, node, outside },
  ) {
    const balanced = (...sources: string[]) => {
      const balancer = { address: otherVip, port: 80, isExternal: true, sources };
      return rulesOn(node, { ...web(vip, pods), frontends: [frontend(vip, 80), balancer] });
    };
    await backend.sync(balanced(`${outside}/32`));
    assert.equal(addressOf((await away.ask(webAt(otherVip))).client), outside);
    await backend.sync(balanced("192.0.2.0/24", "198.51.100.7/32"));
    await assert.rejects(away.ask({ ...webAt(otherVip), waitMs: AT_ONCE_MS }));
    await host.ask(webAt(otherVip));
    await twoOf(world)[0].echo.ask(webAt(otherVip));
  },

  async "TCP and UDP share a port, and lead to pods of their own"({ backend, host, vip, pods }) {
    const tcp = { ...web(vip, pods.slice(0, 1)), frontends: [frontend(vip, 53)] };
    await backend.sync(rules(tcp, dns(vip, pods.slice(1, 2))));
    assert.equal((await host.ask({ ...webAt(vip), port: 53 })).name, "pod-0");
    assert.equal((await host.ask(dnsAt(vip))).name, "pod-1");
    await backend.sync(rules(tcp));
    await assert.rejects(host.ask({ ...dnsAt(vip), waitMs: AT_ONCE_MS }));
    assert.equal((await host.ask({ ...webAt(vip), port: 53 })).name, "pod-0");
  },

  async "affinity keeps a client on one pod, until that is removed"({ backend, host, vip, pods }) {
    await backend.sync(rules({ ...web(vip, pods), affinitySeconds: 60 }));
    const [first, ...others] = namesIn(await host.askMany(webAt(vip), 50));
    assert.deepEqual(others, []);
    const left = pods.filter((_, i) => `pod-${i}` !== first);
    await backend.sync(rules({ ...web(vip, left), affinitySeconds: 60 }));
    const after = namesIn(await host.askMany(webAt(vip), 50));
    assert.equal(after.length, 1);
    assert.notEqual(after[0], first);
  },

  async "affinity ends for a client that stays away"({ backend, host, vip, pods }) {
    await backend.sync(rules({ ...web(vip, pods), affinitySeconds: 1 }));
    const { name } = await host.ask(webAt(vip));
    for (let again = name, left = STAYS_AWAY_MAX; again === name; left--) {
      assert(left > 0, `every time ${name}`);
      await new Promise((resolve) => setTimeout(resolve, AWAY_MS));
      again = (await host.ask(webAt(vip))).name;
    }
  },

  async "the same rules twice change nothing"({ backend, host, vip, pods }) {
    await backend.sync(rules(web(vip, pods)));
    await backend.sync(rules(web(vip, pods)));
    assert.equal(namesIn(await host.askMany(webAt(vip), 60)).length, 3);
  },

  async "what was connected and refused is counted, where the backend counts"(
    { backend, host, vip, pods },
  ) {
    if (backend.counters === undefined) return;
    await backend.sync(rules());
    await backend.sync(rules({ ...web(vip, pods), name: "default/counted:" }));
    await host.askMany(webAt(vip), 7);
    await backend.sync(rules({ ...web(vip, []), name: "default/counted:" }));
    await assert.rejects(host.ask(webAt(vip)));
    const counted = backend.counters().get("default/counted:");
    assert.deepEqual([counted?.connections, counted?.refusals], [7, 1]);
  },

  async "clients from outside are counted, and their bytes, where the backend counts"(
    { backend, away, vip, pods, node },
  ) {
    if (backend.counters === undefined) return;
    const frontends = [frontend(vip, 80), NODE_FRONTEND];
    const name = "default/arrivals:";
    await backend.sync(rulesOn(node, { ...web(vip, pods), name, frontends }));
    await away.askMany(nodePortAt(node), 30);
    const counted = backend.counters().get(name);
    assert.equal(counted?.connections, 30);
    assert.equal(counted.backends.reduce((sum, { connections }) => sum + connections, 0), 30);
    for (const { bytesIn, bytesOut } of counted.backends) assert(bytesIn > 0 && bytesOut > 0);
    await backend.sync(rulesOn(node, { ...web(vip, pods.slice(1)), name, frontends }));
    const left = backend.counters().get(name)?.backends.map(({ ip }) => ip);
    assert(left?.every((ip) => ip !== pods[0]?.ip), "who is no backend is not counted");
  },

  async "an outside client of UDP stays with its pod until that is removed"(
    { backend, away, vip, pods, node },
  ) {
    const frontends = [frontend(vip, 53), NODE_FRONTEND];
    const target = { ...nodePortAt(node), protocol: "udp", socket: "kept" } as const;
    const programmed = (backends: readonly PodAddress[]) =>
      backend.sync(rulesOn(node, { ...dns(vip, backends), frontends }));
    await programmed(pods);
    const { name, server } = await away.ask(target);
    assert.equal(server, `${node}:${NODE_PORT}`);
    assert.deepEqual(namesIn(await away.askMany(target, 20)), [name]);
    await programmed(pods.filter((_, i) => `pod-${i}` !== name));
    assert.notEqual((await away.ask(target)).name, name);
  },

  async "one socket outside reaches a service and its pod, and hears each by its own address"(
    { backend, away, vip, pods: [pod], node },
  ) {
    assert(pod !== undefined);
    const frontends = [frontend(vip, 53), NODE_FRONTEND];
    await backend.sync(rulesOn(node, { ...dns(vip, [pod]), frontends }));
    const socket = { protocol: "udp", socket: "both" } as const;
    for (let i = 0; i < 3; i++) {
      const service = await away.ask({ ...socket, host: node, port: NODE_PORT });
      assert.equal(service.server, `${node}:${NODE_PORT}`);
      const itself = await away.ask({ ...socket, host: pod.ip, port: pod.port });
      assert.equal(itself.server, `${pod.ip}:${pod.port}`);
    }
  },

  async "a restart of the agent leaves no gap, for clients inside and outside"(scene, under) {
    const { host, away, vip, pods, node, world } = scene;
    const served = rulesOn(node, {
      ...web(vip, pods),
      frontends: [frontend(vip, 80), NODE_FRONTEND],
    });
    await scene.backend.sync(served);
    let isOver = false;
    const loadOf = async (client: EchoProcess, target: Target) => {
      while (!isOver) await client.askMany(target, 20);
    };
    const load = Promise.all([loadOf(host, webAt(vip)), loadOf(away, nodePortAt(node))]);
    for (let i = 0; i < 3; i++) {
      await scene.backend.close();
      await twoOf(world)[0].echo.ask(webAt(vip));
      scene.backend = await under.open(world);
      await scene.backend.sync(served);
    }
    isOver = true;
    await load;
    await scene.backend.sync(rules(web(vip, pods.slice(0, 1))));
    assert.deepEqual(namesIn(await host.askMany(webAt(vip), 50)), ["pod-0"]);
  },
};

const NODE_FRONTEND: Frontend = { port: NODE_PORT, isExternal: true };

const webAt = (host: string) => ({ protocol: "tcp", host, port: 80 } as const);
const dnsAt = (host: string) => ({ protocol: "udp", host, port: 53 } as const);
const nodePortAt = (host: string) => ({ protocol: "tcp", host, port: NODE_PORT } as const);

function rules(...services: ServiceRule[]): Rules {
  return { nodeAddresses: [], services };
}

function rulesOn(node: string, ...services: ServiceRule[]): Rules {
  return { nodeAddresses: [node], services };
}

function web(vip: string, backends: readonly PodAddress[]): ServiceRule {
  const frontends = [frontend(vip, 80)];
  return { name: "default/web:", protocol: "TCP", frontends, backends, affinitySeconds: 0 };
}

function dns(vip: string, backends: readonly PodAddress[]): ServiceRule {
  const frontends = [frontend(vip, 53)];
  return { name: "default/dns:", protocol: "UDP", frontends, backends, affinitySeconds: 0 };
}

function frontend(address: string, port: number): Frontend {
  return { address, port, isExternal: false };
}

function twoOf({ pods: [first, second] }: PodWorld) {
  assert(first !== undefined && second !== undefined);
  return [first, second] as const;
}

function addressOf(addressAndPort: string): string {
  return addressAndPort.slice(0, addressAndPort.lastIndexOf(":"));
}

function namesIn(answers: readonly Answer[]): string[] {
  return [...new Set(answers.map(({ name }) => name))].sort();
}

function assertEven(answers: readonly Answer[]): void {
  const share = answers.length / 3;
  assert.equal(namesIn(answers).length, 3);
  for (const name of namesIn(answers)) {
    const count = answers.filter((answer) => answer.name === name).length;
    assert(
      Math.abs(count - share) <= share * SHARE_ERROR_MAX,
      `${name} got ${count} of ${answers.length}`,
    );
  }
}
