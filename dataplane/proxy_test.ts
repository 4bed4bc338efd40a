import assert from "node:assert/strict";
import type { Clock } from "../api/types/ambient.ts";
import type { Endpoints, Node, Pod, Service } from "../api/types/core_v1.ts";
import type { EndpointSlice } from "../api/types/discovery_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import { ENDPOINTS, type Resource, SERVICES } from "../api/types/resources.ts";
import type { WatchedCache } from "../client/cache.ts";
import type { Backend } from "./backend.ts";
import { runDataplane } from "./proxy.ts";
import type { Rules } from "./rules.ts";

const NODE = { name: "node-1", addresses: ["192.0.2.2"] };

Deno.test("dataplane: programs what is there at once, and each change after it", async () => {
  const scene = new Scene();
  scene.cache.put(service("web"));
  scene.cache.put(endpoints("web", ["10.1.0.2"]));
  const dataplane = scene.run();
  assert.deepEqual(await scene.backend.next(), ["default/web: 10.1.0.2"]);
  scene.cache.put(endpoints("web", ["10.1.0.2", "10.1.0.3"]));
  assert.deepEqual(await scene.backend.next(), ["default/web: 10.1.0.2,10.1.0.3"]);
  scene.cache.delete(service("web"));
  assert.deepEqual(await scene.backend.next(), []);
  await scene.end(dataplane.done);
});

Deno.test("dataplane: an empty cluster is programmed too, so that old rules go", async () => {
  const scene = new Scene();
  const dataplane = scene.run();
  assert.deepEqual(await scene.backend.next(), []);
  await scene.end(dataplane.done);
});

Deno.test("dataplane: tells the revision once it is in the kernel", async () => {
  const scene = new Scene();
  const dataplane = scene.run();
  await scene.backend.next();
  scene.cache.put(service("web"));
  scene.cache.put(endpoints("web", ["10.1.0.2"]));
  const told = new Promise((resolve) => dataplane.onProgrammed(resolve));
  await scene.backend.next();
  assert.deepEqual(await told, { services: 1, endpoints: 2 });
  assert.deepEqual(dataplane.programmed, { services: 1, endpoints: 2 });
  await scene.end(dataplane.done);
});

Deno.test("dataplane: many changes are one sync, an unchanged service the same rule", async () => {
  const scene = new Scene();
  scene.cache.put(service("a"));
  const dataplane = scene.run();
  await scene.backend.next();
  for (let i = 0; i < 100; i++) scene.cache.put(service(`b${i}`));
  assert.equal((await scene.backend.next()).length, 101);
  const [first, second] = scene.backend.synced;
  assert.equal(scene.backend.synced.length, 2);
  assert.equal(first?.services[0], second?.services[0]);
  await scene.end(dataplane.done);
});

Deno.test("dataplane: slices that were written by hand are followed, the controllers' are not", async () => {
  const scene = new Scene();
  scene.cache.put(service("web"));
  const dataplane = scene.run();
  await scene.backend.next();
  scene.cache.put(slice("other", "10.1.0.9", "endpointslice-controller.k8s.io"));
  scene.cache.put(slice("own", "10.1.0.2", "me"));
  assert.deepEqual(await scene.backend.next(), ["default/web: 10.1.0.2"]);
  scene.cache.delete(slice("own", "10.1.0.2", "me"));
  assert.deepEqual(await scene.backend.next(), ["default/web: "]);
  await scene.end(dataplane.done);
});

Deno.test("dataplane: who asks for near pods gets others when a node's zone changes", async () => {
  const scene = new Scene();
  const near = {
    ...service("web"),
    spec: { ...service("web").spec, trafficDistribution: "PreferClose" },
  };
  scene.cache.put(near);
  const addresses = [
    { ip: "10.1.0.2", nodeName: "node-1" },
    { ip: "10.1.0.3", nodeName: "node-2" },
  ];
  const two: Endpoints = {
    ...endpoints("web", []),
    subsets: [{ addresses, ports: [{ port: 8080 }] }],
  };
  scene.cache.put(two);
  for (const [name, zone] of [["node-1", "a"], ["node-2", "b"]] as const) {
    scene.cache.put(node(name, zone));
  }
  const dataplane = scene.run();
  assert.deepEqual(await scene.backend.next(), ["default/web: 10.1.0.2"]);
  scene.cache.put(node("node-2", "a"));
  assert.deepEqual(await scene.backend.next(), ["default/web: 10.1.0.2,10.1.0.3"]);
  await scene.end(dataplane.done);
});

Deno.test("dataplane: a failure is logged and tried again, later each time", async () => {
  const scene = new Scene();
  scene.backend.failures = 3;
  const dataplane = scene.run();
  const told: (string | undefined)[] = [];
  dataplane.onTrouble(() => told.push(dataplane.trouble));
  await scene.backend.next();
  assert.deepEqual(scene.clock.slept.slice(0, 3), [100, 200, 400]);
  assert.equal(scene.logged, 3);
  await scene.end(dataplane.done);
  assert.deepEqual(told, ["the kernel is busy", undefined]);
  assert.deepEqual(dataplane.programmed, { services: 0, endpoints: 0 });
  await scene.end(dataplane.done);
});

Deno.test("dataplane: new addresses of the node are programmed", async () => {
  const scene = new Scene();
  const dataplane = scene.run();
  await scene.backend.next();
  dataplane.setNode({ ...NODE, addresses: ["192.0.2.3"] });
  await scene.backend.next();
  assert.deepEqual(scene.backend.synced.at(-1)?.nodeAddresses, ["192.0.2.3"]);
  await scene.end(dataplane.done);
});

Deno.test("dataplane: host ports come with a pod's address, hold up no end of it, and go with it", async () => {
  const scene = new Scene();
  const dataplane = scene.run();
  await scene.backend.next();
  const pod = podOn("web", "10.1.0.2");
  scene.cache.put(pod);
  assert.deepEqual(await scene.backend.next(), ["default/web:host-port--8080-TCP 10.1.0.2"]);
  await dataplane.untilUnused("10.1.0.2");
  assert.equal(scene.logged, 0);
  scene.cache.delete(pod);
  assert.deepEqual(await scene.backend.next(), []);
  await scene.end(dataplane.done);
});

Deno.test("dataplane: a pod that ends waits until nothing leads to it, or for a bound", async () => {
  const scene = new Scene();
  scene.clock.held = 2_000;
  scene.cache.put(service("web"));
  scene.cache.put(endpoints("web", ["10.1.0.2", "10.1.0.3"]));
  const dataplane = scene.run();
  await scene.backend.next();
  const told: string[] = [];
  const left = dataplane.untilUnused("10.1.0.2").then(() => told.push("left"));
  await dataplane.untilUnused("10.9.9.9").then(() => told.push("never there"));
  scene.cache.put(endpoints("web", ["10.1.0.3"]));
  await scene.backend.next();
  await left;
  assert.deepEqual(told, ["never there", "left"]);
  const stays = dataplane.untilUnused("10.1.0.3");
  scene.clock.release();
  await stays;
  assert.equal(scene.logged, 1);
  await scene.end(dataplane.done);
});

class Scene {
  readonly cache = new FakeCache();
  readonly backend = new FakeBackend();
  readonly clock = new HastyClock();
  readonly #abort = new AbortController();
  logged = 0;

  run() {
    const { cache, backend, clock } = this;
    const log = () => void this.logged++;
    return runDataplane({ cache, backend, node: NODE, clock, log, signal: this.#abort.signal });
  }

  async end(done: Promise<void>): Promise<void> {
    this.#abort.abort();
    await done;
  }
}

/** Every sleep ends at once, and is written down; those of `held` milliseconds end when told to. */
class HastyClock implements Clock {
  readonly slept: number[] = [];
  held = -1;
  release = () => {};
  now = () => 0;
  after = () => () => {};
  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.slept.push(ms);
    if (ms !== this.held) return Promise.resolve();
    return new Promise((resolve) => {
      this.release = resolve;
      signal?.addEventListener("abort", () => resolve());
    });
  }
}

class FakeBackend implements Backend {
  readonly name = "ebpf";
  readonly synced: Rules[] = [];
  failures = 0;
  #seen = 0;
  #wake = () => {};

  sync(rules: Rules): Promise<void> {
    if (this.failures-- > 0) return Promise.reject(new Error("the kernel is busy"));
    this.synced.push(rules);
    this.#wake();
    return Promise.resolve();
  }

  /** The next rules that have not been looked at, as text. */
  async next(): Promise<string[]> {
    while (this.synced.length === this.#seen) {
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return (this.synced[this.#seen++]?.services ?? []).map(({ name, backends }) =>
      `${name} ${Array.from(backends, ({ ip }) => ip)}`
    );
  }

  close = () => Promise.resolve();
  remove = () => Promise.resolve();
}

class FakeCache implements WatchedCache {
  readonly #objects = new Map<string, KubeObject>();
  readonly #revisions = new Map<string, number>();
  readonly #listeners = new Set<(kind: string, before?: KubeObject, after?: KubeObject) => void>();
  #revision = 0;

  put(object: KubeObject): void {
    this.#change(object, object);
  }

  delete(object: KubeObject): void {
    this.#change(object, undefined);
  }

  #change(object: KubeObject, after: KubeObject | undefined): void {
    const key = `${object.kind}/${object.metadata.name}`;
    const before = this.#objects.get(key);
    if (after === undefined) this.#objects.delete(key);
    else this.#objects.set(key, after);
    this.#revisions.set(object.kind, ++this.#revision);
    for (const listener of this.#listeners) listener(object.kind, before, after);
  }

  revisionOf({ kind }: Resource<KubeObject>): number {
    return this.#revisions.get(kind) ?? 0;
  }

  get<T extends KubeObject>({ kind }: Resource<T>, _namespace: string, name: string) {
    return this.#objects.get(`${kind}/${name}`) as T | undefined;
  }

  list<T extends KubeObject>({ kind }: Resource<T>) {
    return [...this.#objects.values()].filter((object) => object.kind === kind) as T[];
  }

  labelled<T extends KubeObject>(resource: Resource<T>, of: string, label: string, value: string) {
    return this.list(resource).filter(({ metadata: { namespace = "", labels } }) =>
      namespace === of && labels?.[label] === value
    );
  }

  controlledBy<T extends KubeObject>(): readonly T[] {
    return [];
  }

  onChange<T extends KubeObject>(
    { kind }: Resource<T>,
    listener: (before: T | undefined, after: T | undefined) => void,
  ): () => void {
    for (const object of this.list({ kind } as Resource<T>)) listener(undefined, object);
    const each = (of: string, before?: KubeObject, after?: KubeObject) => {
      if (of === kind) listener(before as T | undefined, after as T | undefined);
    };
    this.#listeners.add(each);
    return () => this.#listeners.delete(each);
  }

  watch = () => {};
  isWatching = () => true;
  isWatchingAll = () => true;
  synced = () => Promise.resolve();
}

function service(name: string): Service {
  return {
    ...{ apiVersion: SERVICES.apiVersion, kind: "Service" },
    metadata: { name, namespace: "default" },
    spec: { clusterIP: "10.96.0.10", ports: [{ port: 80 }] },
  };
}

function endpoints(name: string, ips: readonly string[]): Endpoints {
  const addresses = ips.map((ip) => ({ ip }));
  return {
    ...{ apiVersion: ENDPOINTS.apiVersion, kind: "Endpoints" },
    metadata: { name, namespace: "default" },
    subsets: [{ addresses, ports: [{ port: 8080 }] }],
  };
}

function slice(name: string, ip: string, manager: string): EndpointSlice {
  const labels = {
    "kubernetes.io/service-name": "web",
    "endpointslice.kubernetes.io/managed-by": manager,
  };
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name, namespace: "default", labels },
    addressType: "IPv4",
    endpoints: [{ addresses: [ip] }],
    ports: [{ name: "", port: 8080, protocol: "TCP" }],
  };
}

function node(name: string, zone: string): Node {
  const labels = { "topology.kubernetes.io/zone": zone };
  return { apiVersion: "v1", kind: "Node", metadata: { name, labels }, spec: {} };
}

function podOn(name: string, podIP: string): Pod {
  const ports = [{ containerPort: 80, hostPort: 8080, protocol: "TCP" as const }];
  return {
    ...{ apiVersion: "v1", kind: "Pod" },
    metadata: { name, namespace: "default", uid: name },
    spec: { containers: [{ name: "main", image: "web", ports }] },
    status: { phase: "Running", podIP },
  };
}
