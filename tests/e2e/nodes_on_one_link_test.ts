import assert from "node:assert/strict";
import type { Lease } from "../../api/types/coordination_v1.ts";
import type { Node, NodeCondition, Pod, Service } from "../../api/types/core_v1.ts";
import { type BedCluster, type BedNode, startBedCluster, until } from "../fixtures/bed/cluster.ts";
import { runIn, runOutside } from "../fixtures/bed/place.ts";
import { loadFromPlace } from "./bed_load.ts";
import type { Load } from "./load.ts";
import {
  askFrom,
  CONVERGED_MS_MAX,
  deploy,
  endpointsAre,
  fullSize,
  nameIn,
  outsideToNodePort,
  podToPod,
  REQUESTS,
  serviceUrl,
  type World,
} from "./nodes_world.ts";

const POOL = "192.168.50.200-192.168.50.209";
const OTHER_ADDRESS = "192.168.50.62";
const HOUR_MS = 3_600_000;
const CLOCK = new URL("../fixtures/shifted_clock.ts", import.meta.url).pathname;
const LIBBPF = `/usr/lib/${Deno.build.arch}-linux-gnu/libbpf.so.1`;
/** From the agent alone: not from `ip`, which needs it too, nor from the engine, which sees mounts below the root. */
const hideLibbpf = (folder: string) =>
  [
    `mkdir -p ${folder}/lib && cp -L ${LIBBPF} ${folder}/lib/`,
    `export LD_LIBRARY_PATH=${folder}/lib`,
    `mount --bind /usr /usr && mount --make-private /usr && mount --bind /dev/null ${LIBBPF}`,
  ].join(" && ");

Deno.test("two nodes on one link: by plain routes, and through all that goes wrong", async (t) => {
  const flags = ["--overlay=routes", `--load-balancer-pool=${POOL}`];
  await using cluster = await startBedCluster({ nodes: 2, flags });
  const world = await deploy(cluster);
  await t.step("pod to pod, and nothing is wrapped", () => byRoutes(world));
  await t.step("a packet of full size passes", () => fullSize(world));
  await t.step("outside to the node port of every node", () => outsideToNodePort(world));
  await t.step("a balancer's address goes to another node, and has one owner", () => moves(world));

  const before = await podsThere(cluster);
  const address = world.service.spec.clusterIP ?? "";
  const loads = cluster.nodes.map(({ place }) => loadFromPlace(place, address, 80));
  await t.step("without libbpf: nftables, and the node says why", () => withoutLibbpf(world));
  await t.step(
    "a second agent on a host is refused in a sentence",
    () => secondAgent(cluster.nodes[0]!),
  );
  await t.step("a clock that jumps changes nothing", () => clockJumps(cluster));
  await t.step("of all that, no request and no pod knew", async () => {
    assert.deepEqual(await Promise.all(loads.map(failuresOf)), [{}, {}]);
    assert.deepEqual(await podsThere(cluster), before);
  });

  await t.step("a node gets another address", () => anotherAddress(world));
  await t.step("down takes the routes away", () => routesRemoved(cluster.nodes[0]!));
});

async function byRoutes(world: World): Promise<void> {
  await podToPod(world);
  for (const { place } of world.cluster.nodes) {
    assert.equal((await runIn(place, "ip", "link", "show", "type", "vxlan")).trim(), "");
    assert.match(
      await runIn(place, "ip", "route", "show", "proto", "133"),
      /^10\.244\.\d+\.0\/24/m,
    );
  }
}

async function moves(world: World): Promise<void> {
  const { cluster } = world;
  const { kubectl } = cluster;
  await kubectl.run("patch", "service", "echo", "-p", '{"spec":{"type":"LoadBalancer"}}');
  const { status } = await kubectl.json<Service>("get", "service", "echo");
  const ip = status?.loadBalancer?.ingress?.[0]?.ip ?? "";
  assert.match(ip, /^192\.168\.50\.20\d$/);
  await until(async () => (await ownersOf(cluster, ip)).length === 1, () => `nobody has ${ip}`);
  await reachable(cluster, ip);
  const [owner] = await ownersOf(cluster, ip);
  await owner!.cut();
  await endpointsAre(cluster, 1);
  const other = cluster.nodes.find((node) => node !== owner)!;
  await until(
    async () => (await ownersOf(cluster, ip)).includes(other),
    () => `${other.name} does not take ${ip}`,
    CONVERGED_MS_MAX,
  );
  await reachable(cluster, ip);
  await owner!.mend();
  await endpointsAre(cluster, 2);
  const isSettled = async () => (await ownersOf(cluster, ip)).length === 1;
  await until(isSettled, () => `two nodes have ${ip}`, CONVERGED_MS_MAX);
  await reachable(cluster, ip);
}

async function ownersOf({ nodes }: BedCluster, ip: string): Promise<BedNode[]> {
  const has = await Promise.all(
    nodes.map(async ({ place }) =>
      (await runIn(place, "ip", "-brief", "address")).includes(` ${ip}/32`)
    ),
  );
  return nodes.filter((_, i) => has[i]);
}

/** For somebody outside, who has to learn anew who answers for the address. */
async function reachable({ bed }: BedCluster, ip: string): Promise<void> {
  const program = `const signal = AbortSignal.timeout(1000);
    const answer = await fetch("http://${ip}/hostname", { signal });
    console.log(answer.status);`;
  const isAnswered = async () => {
    const said = await runOutside(bed, Deno.execPath(), "eval", program).catch(() => "");
    return said.trim() === "200";
  };
  await until(isAnswered, () => `${ip} does not answer`, CONVERGED_MS_MAX);
}

async function withoutLibbpf(world: World): Promise<void> {
  const { cluster, pods, hosts } = world;
  const [node] = cluster.nodes;
  node!.killAgent();
  node!.startAgent({ before: hideLibbpf(node!.place.folder) });
  const services = await conditionIs(cluster, node!, "ServicesProgrammed", "FallenBack");
  assert.match(services.message ?? "", /services go through nftables: .*libbpf/);
  const names = await conditionIs(cluster, node!, "NamesAnswered", "FallenBack");
  assert.match(names.message ?? "", /the agent alone answers names at 10\.96\.0\.10: .*libbpf/);
  for (const from of [pods[0]!, hosts[0]!]) {
    const answers = await askFrom(cluster, from, Array(REQUESTS).fill(serviceUrl(world)));
    assert.deepEqual(new Set(answers.map(nameIn)), new Set(pods.map((pod) => pod.metadata.name)));
  }
  node!.killAgent();
  node!.startAgent();
  await conditionIs(cluster, node!, "ServicesProgrammed", "Programmed");
  await conditionIs(cluster, node!, "NamesAnswered", "Answered");
}

async function conditionIs(
  { kubectl }: BedCluster,
  { name }: BedNode,
  type: string,
  reason: string,
): Promise<NodeCondition> {
  let found: NodeCondition | undefined;
  await until(
    async () => {
      const { status } = await kubectl.json<Node>("get", "node", name);
      found = status?.conditions?.find((condition) => condition.type === type);
      return found?.reason === reason;
    },
    () => `${type} of ${name} is ${JSON.stringify(found)}`,
    CONVERGED_MS_MAX,
  );
  return found!;
}

async function secondAgent(node: BedNode): Promise<void> {
  const others = node.flags.filter((flag) => !/^--(data-dir|node-name)=/.test(flag));
  const second = [`--data-dir=${node.place.folder}/second`, "--node-name=second", ...others];
  await assert.rejects(
    node.run("agent", [...second, "--agent-port=0"]),
    new RegExp(`Cannot join .* ${node.place.address} is an address of node ${node.name}\n`),
  );
}

async function clockJumps(cluster: BedCluster): Promise<void> {
  const { kubectl, nodes: [node] } = cluster;
  const shift = `${node!.place.folder}/clock-shift`;
  const readyAt = async () => {
    const { status } = await kubectl.json<Node>("get", "node", node!.name);
    const ready = status?.conditions?.find(({ type }) => type === "Ready");
    return [ready?.status, ready?.lastTransitionTime];
  };
  const since = await readyAt();
  node!.killAgent();
  node!.startAgent({ before: `export WHERRY_CLOCK_SHIFT=${shift}`, preload: CLOCK });
  for (const shiftMs of [0, HOUR_MS, -HOUR_MS, 0]) {
    await Deno.writeTextFile(shift, String(shiftMs));
    await leaseIs(cluster, node!, shiftMs);
    await leaseIs(cluster, node!, shiftMs);
    assert.deepEqual(await readyAt(), since);
  }
}

/** Renewed once more, by a clock that is so far off. */
async function leaseIs({ kubectl }: BedCluster, { name }: BedNode, shiftMs: number): Promise<void> {
  const lease = ["-n", "kube-node-lease", "get", "lease", name];
  const renewedAt = async () => {
    const { spec } = await kubectl.json<Lease>(...lease);
    return Date.parse(spec?.renewTime ?? "");
  };
  const first = await renewedAt();
  let last = first;
  await until(async () => {
    last = await renewedAt();
    return last !== first && Math.abs(last - Date.now() - shiftMs) < HOUR_MS / 2;
  }, () => `the lease of ${name} was renewed at ${new Date(last).toISOString()}`);
}

async function podsThere({ kubectl }: BedCluster): Promise<string[]> {
  const { items } = await kubectl.json<{ items: Pod[] }>("get", "pods");
  return items.map(({ metadata: { name, uid }, status }) =>
    `${name} ${uid} ${status?.containerStatuses?.map(({ restartCount }) => restartCount)}`
  ).sort();
}

async function failuresOf(load: Load): Promise<Record<string, number>> {
  const { answered, failures } = await load.stop();
  assert.ok(answered > 100, `${answered} requests were answered`);
  return failures;
}

async function anotherAddress(world: World): Promise<void> {
  const { cluster } = world;
  const second = cluster.nodes[1]!;
  const { place } = second;
  const { address } = place;
  second.killAgent();
  const gateway = (await runIn(place, "ip", "route", "show", "default")).split(" ")[2] ?? "";
  await runIn(place, "ip", "address", "delete", `${address}/24`, "dev", "eth0");
  await runIn(place, "ip", "address", "add", `${OTHER_ADDRESS}/24`, "dev", "eth0");
  await runIn(place, "ip", "route", "replace", "default", "via", gateway);
  second.startAgent({ address: OTHER_ADDRESS });
  let there = "";
  await until(
    async () => {
      const path = 'jsonpath={.status.addresses[?(@.type=="InternalIP")].address}';
      there = (await cluster.kubectl.try(["get", "node", second.name, "-o", path])).stdout;
      return there === OTHER_ADDRESS;
    },
    () => `the node is at ${there}`,
    CONVERGED_MS_MAX,
  );
  const { pods, hosts } = world;
  const url = serviceUrl(world);
  for (const from of [...pods, hosts[0]!]) {
    const isReached = async () => {
      const answers = await askFrom(cluster, from, Array(REQUESTS).fill(url)).catch(
        (): string[] => [],
      );
      return new Set(answers.map(nameIn)).size === 2 && !answers.includes("failed");
    };
    await until(isReached, () => `${from.metadata.name} reaches not both`, CONVERGED_MS_MAX);
  }
  await podToPod(world);
}

async function routesRemoved(node: BedNode): Promise<void> {
  node.killAgent();
  await node.down();
  assert.equal((await runIn(node.place, "ip", "route", "show", "proto", "133")).trim(), "");
  assert.equal((await runIn(node.place, "nft", "list", "tables")).trim(), "");
  const links = await runIn(node.place, "ip", "-brief", "link");
  assert.deepEqual(links.trim().split("\n").map((line) => line.split(/[@ ]/)[0]), ["lo", "eth0"]);
}
