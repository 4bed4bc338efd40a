/** Pods that answer on every node of a bed, and who may ask them. */
import assert from "node:assert/strict";
import type { Endpoints, Pod, Service } from "../../api/types/core_v1.ts";
import { BED_IMAGE, type BedCluster, until } from "../fixtures/bed/cluster.ts";
import { runOutside } from "../fixtures/bed/place.ts";

export const PORT = 8080;
/** Of pods that share their node's network: they stand for programs of the node. */
export const HOST_PORT = 8081;
export const REQUESTS = 60;
export const CONVERGED_MS_MAX = 90_000;

/** Answers with its own name and the address of who asks. */
const serveAt = (port: number) =>
  [
    "W=/tmp/www; mkdir -p $W/cgi-bin",
    `printf '#!/bin/sh\\necho\\necho $(hostname) $REMOTE_ADDR\\n' > $W/cgi-bin/who`,
    "chmod +x $W/cgi-bin/who; hostname > $W/hostname",
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

export interface World {
  readonly cluster: BedCluster;
  /** In the order of the nodes. */
  readonly pods: readonly Pod[];
  /** With their nodes' network, in the same order. */
  readonly hosts: readonly Pod[];
  readonly service: Service;
}

export async function deploy(cluster: BedCluster): Promise<World> {
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

export async function endpointsAre({ kubectl }: BedCluster, count: number): Promise<void> {
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

export const urlOf = (host: string, port: number) => `http://${host}:${port}/cgi-bin/who`;
export const serviceUrl = ({ service }: Pick<World, "service">) =>
  urlOf(service.spec.clusterIP ?? "", 80);
export const nameIn = (answer: string) => answer.split(" ")[0] ?? "";

/** Asks each of the addresses from inside a pod. @returns the answers, in that order */
export async function askFrom(
  { kubectl }: BedCluster,
  pod: Pod,
  urls: readonly string[],
): Promise<string[]> {
  const loop = `for url in ${urls.join(" ")}; do timeout 5 wget -qO- $url || echo failed; done`;
  const text = await kubectl.run("exec", pod.metadata.name, "--", "sh", "-c", loop);
  return text.trim().split("\n");
}

export async function podToPod({ cluster, pods }: World): Promise<void> {
  await Promise.all(pods.map(async (from) => {
    const others = pods.filter((pod) => pod !== from);
    const urls = others.map(({ status }) => urlOf(status?.podIP ?? "", PORT));
    const want = others.map(({ metadata }) => `${metadata.name} ${from.status?.podIP}`);
    assert.deepEqual(await askFrom(cluster, from, urls), want);
  }));
}

/** @param client whom the pods see; undefined where another node may stand for it */
export async function outsideToNodePort(
  { cluster, pods, service }: World,
  client?: string,
): Promise<void> {
  const port = service.spec.ports?.[0]?.nodePort ?? 0;
  for (const { place } of cluster.nodes) {
    const program = `for (let i = 0; i < 20; i++) {
      const options = { headers: { connection: "close" }, signal: AbortSignal.timeout(5000) };
      const answer = await fetch("${urlOf(place.address, port)}", options);
      console.log((await answer.text()).trim());
    }`;
    const text = await runOutside(cluster.bed, Deno.execPath(), "eval", program);
    const answers = text.trim().split("\n");
    if (client !== undefined) {
      const clients = new Set(answers.map((answer) => answer.split(" ")[1]));
      assert.deepEqual([...clients], [client], "the client's own address");
    }
    const names = new Set(answers.map(nameIn));
    assert.ok(names.size > 1, `node ${place.name} leads to ${[...names]} alone`);
    for (const name of names) assert.ok(pods.some(({ metadata }) => metadata.name === name), name);
  }
}

/** Larger than a packet: what the way can't carry whole would be lost without a word. */
export async function fullSize({ cluster, pods: [from, to] }: World): Promise<void> {
  const { kubectl } = cluster;
  const bytes = 300_000;
  const make = `head -c ${bytes} /dev/zero > /tmp/www/large`;
  await kubectl.run("exec", to!.metadata.name, "--", "sh", "-c", make);
  const fetch = `timeout 10 wget -qO- http://${to!.status?.podIP}:${PORT}/large | wc -c`;
  const got = await kubectl.run("exec", from!.metadata.name, "--", "sh", "-c", fetch);
  assert.equal(Number(got.trim()), bytes);
}

/** Repeats a command until /tmp/go is gone, and counts in /tmp/load. */
export const loadOf = (command: string) =>
  `touch /tmp/go; (ok=0; failed=0; while [ -e /tmp/go ]; do if ${command} 2>>/tmp/errors; then ok=$((ok+1)); ` +
  "else echo exit $? >>/tmp/errors; failed=$((failed+1)); fi; done; echo $ok $failed > /tmp/load) >/dev/null 2>&1 &";

export async function shell({ kubectl }: BedCluster, pod: Pod, script: string): Promise<string> {
  return (await kubectl.run("exec", pod.metadata.name, "--", "sh", "-c", script)).trim();
}

/** The agents that run now have renewed their leases. */
export async function renewed({ kubectl }: BedCluster, names: readonly string[]): Promise<void> {
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
