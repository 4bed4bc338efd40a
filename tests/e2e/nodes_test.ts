import assert from "node:assert/strict";
import type { Endpoints, Node, Pod, Service } from "../../api/types/core_v1.ts";
import { BED_IMAGE, type BedCluster, startBedCluster, until } from "../fixtures/bed/cluster.ts";
import { OUTSIDE_ADDRESS, runIn, runOutside } from "../fixtures/bed/place.ts";
import { startSingleton } from "./singleton.ts";

const PORT = 8080;
/** Of pods that share their node's network: they stand for programs of the node. */
const HOST_PORT = 8081;
const REQUESTS = 60;
const CONVERGED_MS_MAX = 90_000;

/** Answers with its own name and the address of who asks. */
const serveAt = (port: number) =>
  [
    "W=/tmp/www; mkdir -p $W/cgi-bin",
    `printf '#!/bin/sh\\necho\\necho $(hostname) $REMOTE_ADDR\\n' > $W/cgi-bin/who`,
    "chmod +x $W/cgi-bin/who",
    `exec httpd -f -p 0.0.0.0:${port} -h $W`,
  ].join("; ");

/** One on every node. */
function daemons(name: string, port: number, more: Record<string, unknown> = {}) {
  const containers = [{
    name: "main",
    image: BED_IMAGE.name,
    command: ["sh", "-c", serveAt(port)],
    readinessProbe: { tcpSocket: { port }, periodSeconds: 1 },
  }];
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name, namespace: "default" },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: { terminationGracePeriodSeconds: 1, containers, ...more },
      },
    },
  };
}
const ECHO_SERVICE = {
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "echo", namespace: "default" },
  spec: { type: "NodePort", selector: { app: "echo" }, ports: [{ port: 80, targetPort: PORT }] },
};

interface World {
  readonly cluster: BedCluster;
  /** In the order of the nodes. */
  readonly pods: readonly Pod[];
  /** With their nodes' network, in the same order. */
  readonly hosts: readonly Pod[];
  readonly service: Service;
}

Deno.test("three nodes: everybody reaches everybody, by their own addresses", async (t) => {
  await using cluster = await startBedCluster({ nodes: 3 });
  console.log(`three nodes are Ready after ${(cluster.startMs / 1000).toFixed(1)} s`);
  const world = await deploy(cluster);

  await t.step("every node has a range of its own", async () => {
    const nodes = await cluster.kubectl.json<{ items: Node[] }>("get", "nodes");
    const ranges = new Set(nodes.items.map(({ spec }) => spec.podCIDR));
    assert.equal(ranges.size, 3);
    for (const range of ranges) assert.match(range ?? "", /^10\.244\.\d+\.0\/24$/);
  });
  await t.step("pod to pod, all pairs", () => podToPod(world));
  await t.step("pod to service", () => podToService(world));
  await t.step("node to pod and to service", () => nodeToPods(world));
  await t.step("pod to node", () => podToNode(world));
  await t.step("outside to the node port of every node", () => outsideToNodePort(world));
  await t.step("a packet of full size passes", () => fullSize(world));
  await t.step("agents killed under load: no connection breaks", () => agentsKilled(world));
  await t.step(
    "a node cut off leaves the service, its pod runs elsewhere and once only, and it comes back",
    () => cutOff(world),
  );
  await t.step("down takes the way to other nodes away", () => wayRemoved(world));
});

async function deploy(cluster: BedCluster): Promise<World> {
  const { kubectl, nodes } = cluster;
  await kubectl.apply(daemons("echo", PORT));
  await kubectl.apply(daemons("host", HOST_PORT, { hostNetwork: true }));
  await kubectl.apply(ECHO_SERVICE);
  await endpointsAre(cluster, nodes.length);
  const [pods, hosts] = [await onePerNode(cluster, "echo"), await onePerNode(cluster, "host")];
  const service = await kubectl.json<Service>("get", "service", "echo");
  const world = { cluster, pods, hosts, service };
  const url = serviceUrl(world);
  for (const pod of [...pods, ...hosts]) {
    const isReached = async () => !(await askFrom(cluster, pod, [url])).includes("failed");
    await until(
      isReached,
      () => `${pod.metadata.name} does not reach the service`,
      CONVERGED_MS_MAX,
    );
  }
  return world;
}

async function onePerNode({ kubectl, nodes }: BedCluster, app: string): Promise<Pod[]> {
  await kubectl.run("rollout", "status", `daemonset/${app}`, "--timeout=90s");
  const { items } = await kubectl.json<{ items: Pod[] }>("get", "pods", "-l", `app=${app}`);
  return nodes.map(({ name }) =>
    items.find(({ spec }) => spec.nodeName === name) ?? assert.fail(`no ${app} on ${name}`)
  );
}

async function endpointsAre({ kubectl }: BedCluster, count: number): Promise<void> {
  let seen = 0;
  await until(
    async () => {
      const { code, stdout } = await kubectl.try(["get", "endpoints", "echo", "-o", "json"]);
      if (code !== 0) return false;
      const { subsets } = JSON.parse(stdout) as Endpoints;
      seen = (subsets ?? []).flatMap(({ addresses }) => addresses ?? []).length;
      return seen === count;
    },
    () => `the service has ${seen} endpoints, not ${count}`,
    CONVERGED_MS_MAX,
  );
}

const urlOf = (host: string, port: number) => `http://${host}:${port}/cgi-bin/who`;
const serviceUrl = ({ service }: Pick<World, "service">) => urlOf(service.spec.clusterIP ?? "", 80);
const nameIn = (answer: string) => answer.split(" ")[0] ?? "";

/** Asks each of the addresses from inside a pod. @returns the answers, in that order */
async function askFrom(
  { kubectl }: BedCluster,
  pod: Pod,
  urls: readonly string[],
): Promise<string[]> {
  const loop = `for url in ${urls.join(" ")}; do timeout 5 wget -qO- $url || echo failed; done`;
  const text = await kubectl.run("exec", pod.metadata.name, "--", "sh", "-c", loop);
  return text.trim().split("\n");
}

async function podToPod({ cluster, pods }: World): Promise<void> {
  await Promise.all(pods.map(async (from) => {
    const others = pods.filter((pod) => pod !== from);
    const urls = others.map(({ status }) => urlOf(status?.podIP ?? "", PORT));
    const want = others.map(({ metadata }) => `${metadata.name} ${from.status?.podIP}`);
    assert.deepEqual(await askFrom(cluster, from, urls), want);
  }));
}

async function podToService(world: World): Promise<void> {
  const { cluster, pods } = world;
  const url = serviceUrl(world);
  await Promise.all(pods.map(async (from) => {
    const answers = await askFrom(cluster, from, Array.from({ length: REQUESTS }, () => url));
    const names = new Set(pods.map(({ metadata }) => metadata.name));
    assert.deepEqual(new Set(answers.map(nameIn)), names);
  }));
}

async function nodeToPods(world: World): Promise<void> {
  const { cluster, pods, hosts } = world;
  const urls = pods.map(({ status }) => urlOf(status?.podIP ?? "", PORT));
  await Promise.all(hosts.map(async (host, i) => {
    const { address } = cluster.nodes[i]!.place;
    const want = pods.map(({ metadata }) => `${metadata.name} ${address}`);
    assert.deepEqual(await askFrom(cluster, host, urls), want, "the node's own address");
    const answers = await askFrom(cluster, host, Array(REQUESTS).fill(serviceUrl(world)));
    const names = new Set(pods.map(({ metadata }) => metadata.name));
    assert.deepEqual(new Set(answers.map(nameIn)), names);
  }));
}

async function podToNode({ cluster, pods }: World): Promise<void> {
  const urls = cluster.nodes.map(({ place }) => urlOf(place.address, HOST_PORT));
  await Promise.all(pods.map(async (from) => {
    const answers = await askFrom(cluster, from, urls);
    const seen = answers.map((answer) => answer.split(" ").at(-1));
    assert.deepEqual(seen, urls.map(() => from.status?.podIP), "the pod's own address");
  }));
}

async function outsideToNodePort({ cluster, pods, service }: World): Promise<void> {
  const port = service.spec.ports?.[0]?.nodePort ?? 0;
  for (const { place } of cluster.nodes) {
    const program = `for (let i = 0; i < 20; i++) {
      const options = { headers: { connection: "close" }, signal: AbortSignal.timeout(5000) };
      const answer = await fetch("${urlOf(place.address, port)}", options);
      console.log((await answer.text()).trim());
    }`;
    const text = await runOutside(cluster.bed, Deno.execPath(), "eval", program);
    const answers = text.trim().split("\n");
    const clients = new Set(answers.map((answer) => answer.split(" ")[1]));
    assert.deepEqual([...clients], [OUTSIDE_ADDRESS], "the client's own address");
    const names = new Set(answers.map(nameIn));
    assert.ok(names.size > 1, `node ${place.name} leads to ${[...names]} alone`);
    for (const name of names) assert.ok(pods.some(({ metadata }) => metadata.name === name), name);
  }
}

/** Larger than a packet: what the way can't carry whole would be lost without a word. */
async function fullSize({ cluster, pods: [from, to] }: World): Promise<void> {
  const { kubectl } = cluster;
  const bytes = 300_000;
  const make = `head -c ${bytes} /dev/zero > /tmp/www/large`;
  await kubectl.run("exec", to!.metadata.name, "--", "sh", "-c", make);
  const fetch = `timeout 10 wget -qO- http://${to!.status?.podIP}:${PORT}/large | wc -c`;
  const got = await kubectl.run("exec", from!.metadata.name, "--", "sh", "-c", fetch);
  assert.equal(Number(got.trim()), bytes);
}

/** New connections all the while from a node and a pod, and one that stays open from before to after. */
async function agentsKilled(world: World): Promise<void> {
  const { cluster, pods, hosts } = world;
  const [first, second] = cluster.nodes;
  await shell(cluster, pods[1]!, SLOW);
  // a kubectl exec would end with the agent: what is asked goes on by itself, and is read afterwards
  const ask = `timeout 10 wget -qO- ${serviceUrl(world)} >/dev/null`;
  for (const pod of [hosts[0]!, pods[0]!]) await shell(cluster, pod, loadOf(ask));
  const stream = `wget -qO /tmp/stream http://${pods[1]!.status?.podIP}:${PORT}/cgi-bin/slow`;
  await shell(cluster, pods[0]!, `(${stream}; echo $? > /tmp/streamed) >/dev/null 2>&1 &`);
  for (const node of [first!, second!]) {
    node.killAgent();
    node.startAgent();
  }
  await renewed(cluster, [first!.name, second!.name]);
  const hasEnded = async () => await shell(cluster, pods[0]!, "cat /tmp/streamed || true") !== "";
  await until(hasEnded, () => "the open connection does not end", CONVERGED_MS_MAX);
  assert.equal(await shell(cluster, pods[0]!, "cat /tmp/streamed"), "0");
  assert.equal(await shell(cluster, pods[0]!, "wc -l < /tmp/stream"), "12");
  for (const pod of [hosts[0]!, pods[0]!]) {
    await shell(cluster, pod, "rm /tmp/go");
    await until(
      async () => await shell(cluster, pod, "cat /tmp/load || true") !== "",
      () => "the load does not end",
    );
    const [ok = 0, failed = 0] = (await shell(cluster, pod, "cat /tmp/load")).split(" ").map(
      Number,
    );
    const errors = failed === 0 ? "" : await shell(cluster, pod, "tail -n 5 /tmp/errors");
    assert.equal(failed, 0, `${failed} of ${ok + failed} requests failed: ${errors}`);
    assert.ok(ok >= 20, `${ok} requests were made`);
  }
}

/** Answers a line a second. */
const SLOW = "S=/tmp/www/cgi-bin/slow; printf '#!/bin/sh\\necho\\ni=0; while [ $i -lt 12 ]; do " +
  "echo $i; sleep 1; i=$((i+1)); done\\n' > $S; chmod +x $S";

/** Repeats a command until /tmp/go is gone, and counts in /tmp/load. */
const loadOf = (command: string) =>
  `touch /tmp/go; (ok=0; failed=0; while [ -e /tmp/go ]; do if ${command} 2>>/tmp/errors; then ok=$((ok+1)); ` +
  "else echo exit $? >>/tmp/errors; failed=$((failed+1)); fi; done; echo $ok $failed > /tmp/load) >/dev/null 2>&1 &";

async function shell({ kubectl }: BedCluster, pod: Pod, script: string): Promise<string> {
  return (await kubectl.run("exec", pod.metadata.name, "--", "sh", "-c", script)).trim();
}

/** The agents that run now have renewed their leases. */
async function renewed({ kubectl }: BedCluster, names: readonly string[]): Promise<void> {
  const timesOf = async () => {
    const text = await kubectl.run(
      ...["-n", "kube-node-lease", "get", "leases", ...names],
      ...["-o", "jsonpath={.items[*].spec.renewTime}"],
    );
    return text.split(" ").map((time) => Date.parse(time));
  };
  const since = Date.now();
  const isRenewed = async () => (await timesOf()).every((time) => time > since);
  await until(isRenewed, () => "the agents have not come back", CONVERGED_MS_MAX);
}

async function cutOff(world: World): Promise<void> {
  const { cluster, pods, hosts } = world;
  const last = cluster.nodes.at(-1);
  const singleton = await startSingleton(cluster, last!.name);
  await last!.cut();
  await endpointsAre(cluster, 2);
  const answers = await askFrom(cluster, hosts[0]!, Array(REQUESTS).fill(serviceUrl(world)));
  const rest = new Set(pods.slice(0, 2).map(({ metadata }) => metadata.name));
  assert.deepEqual(new Set(answers.map(nameIn)), rest, "nothing goes to who is cut off");
  await singleton.replaced();
  await last!.mend();
  await endpointsAre(cluster, 3);
  await podToPod(world);
  await singleton.ranOnceOnly();
}

async function wayRemoved({ cluster }: World): Promise<void> {
  const [first] = cluster.nodes;
  const { place } = first!;
  assert.match(await runIn(place, "ip", "link", "show", "type", "vxlan"), /vxlan/);
  first!.killAgent();
  await first!.down();
  assert.equal((await runIn(place, "ip", "link", "show", "type", "vxlan")).trim(), "");
  assert.equal((await runIn(place, "ip", "link", "show", "type", "veth")).match(/@if/g)?.length, 1);
  assert.doesNotMatch(await runIn(place, "ip", "rule"), /lookup 1\d{5,}/);
  assert.equal((await runIn(place, "nft", "list", "tables")).trim(), "");
}
