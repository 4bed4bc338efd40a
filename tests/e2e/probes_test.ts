import assert from "node:assert/strict";
import type { Container, ContainerStatus, Pod, Probe } from "../../api/types/core_v1.ts";
import { ProbedServer, type ProbeName, PROBES } from "../fixtures/probed_server.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { eventually } from "./pods.ts";

const IMAGE = "busybox:1.35";
const WAYS = ["exec", "http", "https", "tcp", "grpc"] as const;
type Way = typeof WAYS[number];

/** The files that commands look for lie in a folder of the host; everything else asks a server of this test. */
Deno.test("every kind of probe, asked in every way, does what it is for", async (t) => {
  await using server = await ProbedServer.open();
  await using cluster = await startCluster({});
  const folder = await Deno.makeTempDir({ prefix: "wherry-probes-" });
  const world = { cluster, server, folder };
  try {
    await failing(world, "startup");
    await cluster.kubectl.apply(podOf(world));
    await t.step("before the startup probe has succeeded nothing else is asked", () => held(world));
    await t.step("what is well is ready", () => well(world));
    await t.step("headers, host and path are those of the spec", () => headers(world));
    await t.step("a failed readiness probe takes it out, and no more", () => unready(world));
    await t.step("a failed liveness probe restarts it", () => restarted(world));
    await t.step("a new agent knows how it is, and restarts nothing", () => newAgent(world));
    await t.step("hooks ask by HTTP as well, the last one before the end", () => hooks(world));
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

interface World {
  readonly cluster: Cluster;
  readonly server: ProbedServer;
  readonly folder: string;
}

async function held(world: World): Promise<void> {
  await statusesAre(
    world,
    "running and not started",
    ({ state, started, ready }) => state?.running !== undefined && started === false && !ready,
  );
  await eventually(() => Promise.resolve(world.server.asked.length > 2 ? "" : "not asked yet"));
  const asked = new Set(world.server.asked.map(({ probe }) => probe));
  assert.deepEqual([...asked].sort(), ["post-start", "startup"]);
}

async function well(world: World): Promise<void> {
  await failing(world);
  await statusesAre(world, "started and ready", ({ started, ready }) => started === true && ready);
}

async function headers({ server }: World): Promise<void> {
  for (const name of PROBES) {
    const isAsked = () => server.asked.some(({ probe }) => probe === name);
    await eventually(() => Promise.resolve(isAsked() ? "" : `${name} was not asked yet`));
    const [first] = server.asked.filter(({ probe }) => probe === name);
    const { header, host, agent } = first ?? {};
    assert.deepEqual([header, host], [name, "shop.test"], name);
    assert.match(agent ?? "", /^kube-probe\//);
  }
}

async function unready(world: World): Promise<void> {
  await failing(world, "readiness");
  await statusesAre(
    world,
    "unready and not restarted",
    ({ ready, restartCount }) => !ready && restartCount === 0,
  );
  await well(world);
}

async function restarted(world: World): Promise<void> {
  await failing(world, "liveness");
  await statusesAre(world, "restarted", ({ restartCount }) => restartCount > 0);
  await failing(world);
  await statusesAre(world, "ready again", ({ ready }) => ready);
}

async function newAgent(world: World): Promise<void> {
  const { cluster } = world;
  const before = (await pod(world)).status;
  await cluster.kill("agent");
  const killedAt = Date.now();
  await cluster.start("agent");
  await eventually(async () => {
    const lease = ["get", "lease", "-n", "kube-node-lease", "e2e-node"];
    const renewed = await cluster.kubectl.run(...lease, "-o", "jsonpath={.spec.renewTime}");
    return Date.parse(renewed) > killedAt ? "" : "the new agent has not renewed its lease";
  });
  const asked = world.server.asked.length;
  await eventually(() =>
    Promise.resolve(world.server.asked.length > asked + 10 ? "" : "the new agent asks nothing")
  );
  assert.deepEqual((await pod(world)).status, before);
}

async function hooks(world: World): Promise<void> {
  const { cluster, server } = world;
  const count = (name: string) => server.asked.filter(({ probe }) => probe === name).length;
  const { containerStatuses = [] } = (await pod(world)).status ?? {};
  const starts = 1 + (containerStatuses.find(({ name }) => name === "http")?.restartCount ?? 0);
  assert.equal(count("post-start"), starts);
  const before = count("pre-stop");
  await cluster.kubectl.run("delete", "pod", "probed", "--grace-period=60", "--wait");
  assert.equal(count("pre-stop"), before + 1);
}

async function failing({ server, folder }: World, ...names: readonly ProbeName[]): Promise<void> {
  await server.fail(...names);
  for (const name of PROBES) {
    const file = `${folder}/${name}`;
    if (!names.includes(name)) await Deno.writeTextFile(file, "");
    else await Deno.remove(file).catch(() => {});
  }
}

const pod = ({ cluster: { kubectl } }: World) => kubectl.json<Pod>("get", "pod", "probed");

async function statusesAre(
  world: World,
  what: string,
  isRight: (status: ContainerStatus) => boolean,
): Promise<void> {
  await eventually(async () => {
    const statuses = (await pod(world)).status?.containerStatuses ?? [];
    const wrong = statuses.filter((one) => !isRight(one));
    if (statuses.length === WAYS.length && wrong.length === 0) return "";
    return `not ${what}: ${JSON.stringify(wrong)}`;
  });
}

function podOf(world: World) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "probed" },
    spec: {
      hostNetwork: true,
      terminationGracePeriodSeconds: 0,
      volumes: [{ name: "files", hostPath: { path: world.folder } }],
      containers: WAYS.map((way) => containerOf(way, world)),
    },
  };
}

function containerOf(way: Way, world: World): Container {
  const probes = PROBES.map((name) => [`${name}Probe`, probeOf(way, name, world.server)]);
  return {
    name: way,
    image: IMAGE,
    command: ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.2; done"],
    ports: portsOf(way, world.server),
    volumeMounts: [{ name: "files", mountPath: "/files" }],
    ...way === "http" ? { lifecycle: HOOKS } : {},
    ...Object.fromEntries(probes),
  };
}

const HOOKS = {
  postStart: { httpGet: { path: "/post-start", port: "web" } },
  preStop: { httpGet: { path: "/pre-stop", port: "web" } },
};

/** Probes name them. */
function portsOf(way: Way, { http, https, tcp }: ProbedServer) {
  if (way === "http") return [{ name: "web", containerPort: http }];
  if (way === "https") return [{ name: "web-tls", containerPort: https }];
  if (way !== "tcp") return [];
  return PROBES.map((name) => ({ name, containerPort: tcp.get(name)! }));
}

function probeOf(way: Way, name: ProbeName, { grpc }: ProbedServer): Probe {
  const times = {
    periodSeconds: 1,
    timeoutSeconds: 30,
    failureThreshold: name === "startup" ? 600 : 2,
  };
  const httpHeaders = [{ name: "X-Probe", value: name }, { name: "Host", value: "shop.test" }];
  const path = `/${name}`;
  switch (way) {
    case "exec":
      return { ...times, exec: { command: ["test", "-e", `/files/${name}`] } };
    case "http":
      return { ...times, httpGet: { path, port: "web", httpHeaders } };
    case "https":
      return { ...times, httpGet: { path, port: "web-tls", scheme: "HTTPS", httpHeaders } };
    case "tcp":
      return { ...times, tcpSocket: { port: name } };
    case "grpc":
      return { ...times, grpc: { port: grpc, service: name } };
  }
}
