import type { Deployment } from "../api/types/apps_v1.ts";
import { DEPLOYMENTS } from "../api/types/apps_v1.ts";
import type { Pod, ReplicationController, Service } from "../api/types/core_v1.ts";
import { ENDPOINT_SLICES } from "../api/types/discovery_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import {
  NODES,
  PODS,
  REPLICATION_CONTROLLERS,
  type Resource,
  SERVICES,
} from "../api/types/resources.ts";
import { HttpApi } from "../client/http_api.ts";
import { Informers } from "../client/informer.ts";
import { realClock } from "../cmd/clock.ts";
import { nodeWith } from "../scheduler/fake_world.ts";
import { type Master, startMaster } from "../tests/fixtures/master.ts";
import { atOnce, count } from "./api.ts";
import { type HollowFleet, startFleet } from "./hollow_fleet.ts";
import type { Row } from "./run.ts";

const NODE_COUNT = 40;
const POD_COUNT = 1_000;
const SERVICE_COUNT = 1_000;
const ENDPOINTS_EACH = 10;
/** More than any of these takes on a busy machine. */
const LIMIT_MS = 300_000;
const NAMESPACE = "default";

/** Whole paths through a master process, with hollow nodes beside it: what controllers, scheduler and API take together. */
export async function run(): Promise<Row[]> {
  const master = await startMaster({ flags: ["--cluster-cidr", "10.128.0.0/9"] });
  try {
    const alone = await withoutAgents(master);
    await using fleet = startFleet(master, NODE_COUNT);
    return [...alone, ...await withAgents(fleet)];
  } finally {
    await master.stop();
  }
}

/** Nodes that are only objects: what the control plane takes when nobody else asks anything of it. */
async function withoutAgents(master: Master): Promise<Row[]> {
  await using scene = await follow(master);
  const { api, cache } = scene;
  const nodes = Array.from(
    { length: NODE_COUNT },
    (_, i) => nodeWith(`plain-${i}`, { cpu: "8", memory: "32Gi" }),
  );
  for (const node of nodes) await api.create(NODES, node);
  await until(cache, NODES, () => cache.list(NODES).length === NODE_COUNT);
  const { created, bound } = await replication(scene, () => true);
  for (const { metadata } of nodes) await api.delete(NODES, "", metadata.name);
  await until(cache, PODS, () => podsOf(cache, "many").length === 0);
  const what = `RC, 0 to ${count(POD_COUNT)} pods`;
  return [
    { what: `${what}: created`, figure: seconds(created) },
    { what: `${what}: created and bound`, figure: seconds(bound), goal: "≤ 3 s" },
  ];
}

async function withAgents(fleet: HollowFleet): Promise<Row[]> {
  await using scene = await follow(fleet.master);
  const { cache } = scene;
  await until(cache, NODES, () => cache.list(NODES).filter(isReady).length === NODE_COUNT);
  const { bound, ready } = await replication(scene, isReady);
  const what = `the same on ${NODE_COUNT} hollow nodes, which start them meanwhile`;
  return [
    { what: `${what}: bound, all ready`, figure: `${seconds(bound)}, ${seconds(ready)}` },
    ...await rollout(scene),
    ...await lostNode(fleet, scene),
  ];
}

interface Scene extends AsyncDisposable {
  readonly api: HttpApi;
  readonly cache: Informers;
}

async function follow({ url, token, ca }: Master): Promise<Scene> {
  const client = Deno.createHttpClient({ caCerts: [ca] });
  const fetching = (request: Request) => fetch(request, { client });
  const api = new HttpApi({ baseUrl: url, token, userAgent: "bench", fetch: fetching });
  const ending = new AbortController();
  const { signal } = ending;
  const cache = new Informers({
    ...{ api, clock: realClock, random: Math.random, log: () => {}, signal },
  });
  for (const resource of [NODES, PODS, DEPLOYMENTS, ENDPOINT_SLICES]) cache.watch(resource);
  await cache.synced();
  return {
    ...{ api, cache },
    [Symbol.asyncDispose]() {
      ending.abort();
      client.close();
      return Promise.resolve();
    },
  };
}

/** Milliseconds from the change of the size; the pods are there afterwards no more. */
async function replication({ api, cache }: Scene, isDone: (pod: Readonly<Pod>) => boolean) {
  await api.create(REPLICATION_CONTROLLERS, replicationController("many", 0));
  const from = performance.now();
  const scale = { spec: { replicas: POD_COUNT } };
  const target = { namespace: NAMESPACE, name: "many" };
  await api.patch(REPLICATION_CONTROLLERS, target, "merge", scale);
  const pods = () => podsOf(cache, "many");
  const after = async (holds: () => boolean) => {
    await until(cache, PODS, holds);
    return performance.now() - from;
  };
  const created = await after(() => pods().length === POD_COUNT);
  const bound = await after(() => pods().every(({ spec }) => spec.nodeName));
  const ready = await after(() => pods().every(isDone));
  await api.delete(REPLICATION_CONTROLLERS, NAMESPACE, "many", {
    propagationPolicy: "Background",
  });
  if (isDone === isReady) await after(() => pods().length === 0);
  return { created, bound, ready };
}

async function rollout({ api, cache }: Scene): Promise<Row[]> {
  await api.create(DEPLOYMENTS, deployment("rolled", POD_COUNT));
  const done = (generation: number) => {
    const status = cache.get(DEPLOYMENTS, NAMESPACE, "rolled")?.status;
    return (status?.observedGeneration ?? 0) >= generation &&
      status?.updatedReplicas === POD_COUNT && status.availableReplicas === POD_COUNT &&
      status.replicas === POD_COUNT;
  };
  await until(cache, DEPLOYMENTS, () => done(1));
  const from = performance.now();
  const containers = [{ name: "web", image: "web:2" }];
  await api.patch(DEPLOYMENTS, { namespace: NAMESPACE, name: "rolled" }, "strategic", {
    spec: { template: { spec: { containers } } },
  });
  await until(cache, DEPLOYMENTS, () => done(2));
  const rolled = performance.now() - from;
  await api.delete(DEPLOYMENTS, NAMESPACE, "rolled", { propagationPolicy: "Background" });
  await until(cache, PODS, () => podsOf(cache, "rolled").length === 0);
  return [{
    what: `Deployment of ${count(POD_COUNT)} rolled, 25 % surge, 25 % unavailable`,
    figure: seconds(rolled),
  }];
}

/** From the moment at which the node counts as lost to the last of the slices that leave it out. */
async function lostNode(fleet: HollowFleet, { api, cache }: Scene): Promise<Row[]> {
  await api.create(REPLICATION_CONTROLLERS, replicationController("behind", ENDPOINTS_EACH));
  const services = Array.from({ length: SERVICE_COUNT }, (_, i) => service(`s-${i}`, "behind"));
  await atOnce(services, async (service) => void await api.create(SERVICES, service));
  await until(cache, ENDPOINT_SLICES, () => {
    return slicesWith(cache, (ready) => ready === ENDPOINTS_EACH) === SERVICE_COUNT;
  });
  const lost = podsOf(cache, "behind")[0]!.spec.nodeName!;
  const there = podsOf(cache, "behind").filter(({ spec }) => spec.nodeName === lost).length;
  fleet.kill(Number(lost.slice("hollow-".length)));
  await until(cache, NODES, () => !isReady(cache.get(NODES, "", lost)!));
  const from = performance.now();
  await until(cache, ENDPOINT_SLICES, () => {
    return slicesWith(cache, (ready) => ready <= ENDPOINTS_EACH - there) === SERVICE_COUNT;
  });
  return [{
    what: `${count(SERVICE_COUNT)} services × ${ENDPOINTS_EACH} endpoints: a node is lost`,
    figure: seconds(performance.now() - from),
  }];
}

function slicesWith(cache: Informers, holds: (ready: number) => boolean): number {
  return cache.list(ENDPOINT_SLICES, NAMESPACE).filter(({ metadata, endpoints }) =>
    metadata.labels?.["kubernetes.io/service-name"]?.startsWith("s-") &&
    holds(endpoints?.filter(({ conditions }) => conditions?.ready).length ?? 0)
  ).length;
}

function until(
  cache: Informers,
  resource: Resource<KubeObject>,
  holds: () => boolean,
): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let isAsked = false;
  const ask = () => {
    isAsked = false;
    if (holds()) resolve();
  };
  // once for all events that came together
  const end = cache.onChange(resource, () => {
    if (!isAsked) setTimeout(ask, 5);
    isAsked = true;
  });
  const timer = setTimeout(
    () => reject(new Error(`not within ${LIMIT_MS} ms: ${holds}`)),
    LIMIT_MS,
  );
  ask();
  return promise.finally(() => {
    end();
    clearTimeout(timer);
  });
}

function podsOf(cache: Informers, app: string): Readonly<Pod>[] {
  return cache.list(PODS, NAMESPACE).filter(({ metadata }) => metadata.labels?.app === app);
}

function isReady({ status }: { status?: { conditions?: { type: string; status: string }[] } }) {
  return status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ??
    false;
}

function template(app: string) {
  return {
    metadata: { name: "", labels: { app } },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [{ name: "web", image: "web:1", ports: [{ containerPort: 80 }] }],
    },
  };
}

function replicationController(name: string, replicas: number): ReplicationController {
  return {
    apiVersion: "v1",
    kind: "ReplicationController",
    metadata: { namespace: NAMESPACE, name },
    spec: { replicas, selector: { app: name }, template: template(name) },
  } as ReplicationController;
}

function deployment(name: string, replicas: number): Deployment {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { namespace: NAMESPACE, name },
    spec: { replicas, selector: { matchLabels: { app: name } }, template: template(name) },
  } as Deployment;
}

function service(name: string, app: string): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { namespace: NAMESPACE, name },
    spec: { selector: { app }, ports: [{ port: 80 }] },
  } as Service;
}

const seconds = (ms: number) => `${(ms / 1_000).toFixed(2)} s`;
