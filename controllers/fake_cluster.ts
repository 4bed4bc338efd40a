import type { Node, Pod, ReplicationController, Service } from "../api/types/core_v1.ts";
import { type Lease, LEASES } from "../api/types/coordination_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import { PODS, type Resource } from "../api/types/resources.ts";
import { StatusError } from "../api/types/status.ts";
import type { Cache } from "../client/cache.ts";
import { FakeApi } from "../client/fake_api.ts";
import { FakeClock } from "../client/fake_clock.ts";
import { Informers } from "../client/informer.ts";
import { ClusterCopy } from "./cluster_copy.ts";
import type { World } from "./controller.ts";
import { type ManagerOptions, runControllers } from "./manager.ts";

/** Every controller over an apiserver in memory, with a time that a test moves. */
export async function startCluster(
  settings: NonNullable<ManagerOptions["settings"]> = {},
  more: Pick<ManagerOptions, "localVolumes"> = {},
) {
  const clock = new FakeClock();
  const api = new FakeApi(clock);
  const controller = new AbortController();
  const { signal } = controller;
  const logged: string[] = [];
  let state = 7;
  const random = () => (state = state * 48271 % 2147483647) / 2147483647;
  const log = (message: string) => void logged.push(message);
  const cache = new Informers({ api, clock, random, log, signal });
  void runControllers({ api, cache, clock, random, log, signal, settings, ...more });
  await clock.settle();
  return {
    api,
    clock,
    cache,
    /** For one more controller beside the others. */
    options: { api, cache, clock, random, log },
    logged,
    stop: () => controller.abort(),
    async pods(namespace = "default"): Promise<Pod[]> {
      return (await api.list(PODS, { namespace })).items;
    },
    /** What the agent of a healthy node does. */
    async renewLease(name: string, at = clock.now(), leaseSeconds = 10): Promise<void> {
      const renewTime = new Date(at).toISOString();
      const target = { namespace: "kube-node-lease", name };
      const there = await api.list(LEASES, { fieldSelector: `metadata.name=${name}` });
      if (there.items.length === 0) await api.create(LEASES, leaseOf(name, renewTime));
      const leaseDurationSeconds = leaseSeconds;
      await api.patch(LEASES, target, "merge", { spec: { renewTime, leaseDurationSeconds } });
    },
    /** What an agent reports of a pod that runs. */
    async run(pod: Pod, podIP: string): Promise<Pod> {
      const time = new Date(clock.now()).toISOString();
      const status: Pod["status"] = {
        phase: "Running",
        podIP,
        conditions: [{ type: "Ready", status: "True", lastTransitionTime: time }],
      };
      const { namespace = "", name } = pod.metadata;
      const current = await api.get(PODS, namespace, name);
      return await api.updateStatus(PODS, { ...current, status });
    },
  };
}

function leaseOf(name: string, renewTime: string): Lease {
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name, namespace: "kube-node-lease" },
    spec: { renewTime },
  };
}

/** A cache that holds these objects and never changes. */
export function cacheOf(objects: readonly KubeObject[]): Cache {
  return new ClusterCopy(objects);
}

/** The world of one plan, at time 0 and with nothing heard. */
export function worldOf(objects: readonly KubeObject[], more: Partial<World> = {}): World {
  const cache = cacheOf(objects);
  return {
    cache,
    now: 0,
    heardAt: undefined,
    since: () => 0,
    read: <R extends KubeObject>(resource: Resource<R>) => cache.list(resource),
    ...more,
  };
}

export function controllerWith(
  name: string,
  replicas: number,
  labels: Record<string, string> = { app: name },
): ReplicationController {
  return {
    apiVersion: "v1",
    kind: "ReplicationController",
    metadata: { name, namespace: "default", uid: `uid-${name}`, generation: 1 },
    spec: {
      replicas,
      selector: labels,
      template: {
        metadata: { name: "", labels },
        spec: { containers: [{ name: "main", image: "img" }] },
      },
    },
  };
}

export function podNamed(name: string, more: Partial<Pod["metadata"]> = {}): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace: "default", uid: `uid-${name}`, ...more },
    spec: { containers: [{ name: "main", image: "img" }] },
    status: { phase: "Pending" },
  };
}

export function serviceNamed(name: string, spec: Partial<Service["spec"]> = {}): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "default" },
    spec: {
      clusterIP: "10.0.0.10",
      selector: { app: name },
      ports: [{ port: 80, protocol: "TCP" }],
      ...spec,
    },
  };
}

export function nodeNamed(name: string): Node {
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name },
    spec: {},
    status: { conditions: [{ type: "Ready", status: "True" }] },
  };
}

/** As a quota that is full until one of these is deleted. */
export function refuseUntilDeleted({ api }: { api: FakeApi }, plural: string): void {
  let hasRoom = false;
  api.intercept = ({ verb, resource }) => {
    if (resource !== plural) return;
    if (verb === "delete") hasRoom = true;
    if (verb !== "create" || hasRoom) return;
    throw new StatusError("Forbidden", "exceeded quota");
  };
}
