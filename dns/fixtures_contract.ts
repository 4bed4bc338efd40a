/** A small cluster, and a client of its names that shares no code with the server. */
import type { Endpoints, EndpointSubset, Service, ServiceSpec } from "../api/types/core_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import type { Resource } from "../api/types/resources.ts";
import type { WatchedCache } from "../client/cache.ts";
import { controllerOf } from "../client/owners.ts";
// @deno-types="@types/dns-packet"
import * as packets from "dns-packet";
import { Buffer } from "node:buffer";

export const SERVER_IP = "10.96.0.10";
export const DOMAIN = "cluster.local";

type Listener = (before?: KubeObject, after?: KubeObject) => void;

export class FakeCache implements WatchedCache {
  readonly #objects = new Map<string, KubeObject>();
  readonly #listeners = new Map<string, Set<Listener>>();

  constructor(objects: readonly KubeObject[] = []) {
    for (const object of objects) this.put(object);
  }

  put(object: KubeObject): void {
    const key = keyOf(object.kind, object.metadata.namespace, object.metadata.name);
    const before = this.#objects.get(key);
    this.#objects.set(key, object);
    for (const listener of this.#listeners.get(object.kind) ?? []) listener(before, object);
  }

  delete(object: KubeObject): void {
    this.#objects.delete(keyOf(object.kind, object.metadata.namespace, object.metadata.name));
    for (const listener of this.#listeners.get(object.kind) ?? []) listener(object, undefined);
  }

  revisionOf = () => 1;
  watch = () => {};
  isWatching = () => true;
  isWatchingAll = () => true;
  synced = () => Promise.resolve();

  get<T extends KubeObject>({ kind }: Resource<T>, namespace: string, name: string) {
    return this.#objects.get(keyOf(kind, namespace, name)) as T | undefined;
  }

  list<T extends KubeObject>({ kind }: Resource<T>, namespace?: string): readonly T[] {
    return [...this.#objects.values()].filter((object) =>
      object.kind === kind && (namespace === undefined || object.metadata.namespace === namespace)
    ) as T[];
  }

  labelled<T extends KubeObject>(
    resource: Resource<T>,
    namespace: string,
    label: string,
    value: string,
  ): readonly T[] {
    return this.list(resource, namespace).filter(({ metadata }) =>
      metadata.labels?.[label] === value
    );
  }

  controlledBy<T extends KubeObject>(resource: Resource<T>, namespace: string, uid: string) {
    return this.list(resource, namespace).filter((object) =>
      (controllerOf(object)?.uid ?? "") === uid
    );
  }

  onChange<T extends KubeObject>(
    { kind }: Resource<T>,
    listener: (before: Readonly<T> | undefined, after: Readonly<T> | undefined) => void,
  ): () => void {
    const listeners = this.#listeners.get(kind) ?? new Set();
    this.#listeners.set(kind, listeners);
    listeners.add(listener as Listener);
    for (const object of this.#objects.values()) {
      if (object.kind === kind) listener(undefined, object as T);
    }
    return () => listeners.delete(listener as Listener);
  }
}

const keyOf = (kind: string, namespace = "", name: string) => `${kind}/${namespace}/${name}`;

export function service(
  name: string,
  spec: Partial<ServiceSpec>,
  labels: Record<string, string> = {},
  namespace = "default",
): Service {
  return { apiVersion: "v1", kind: "Service", metadata: { name, namespace, labels }, spec };
}

export function endpoints(
  name: string,
  subsets: EndpointSubset[],
  namespace = "default",
): Endpoints {
  return { apiVersion: "v1", kind: "Endpoints", metadata: { name, namespace }, subsets };
}

/** What every kind of name needs. */
export function worldOfNames(): KubeObject[] {
  const http = { name: "http", port: 80, protocol: "TCP" } as const;
  const dns = { name: "dns", port: 53, protocol: "UDP" } as const;
  return [
    service("web", { clusterIP: "10.96.0.20", ports: [http, dns] }),
    service("db", { clusterIP: "None", ports: [{ ...http, targetPort: 8080 }] }),
    endpoints("db", [{
      addresses: [
        { ip: "10.244.0.5", hostname: "db-0" },
        { ip: "10.244.0.6", hostname: "db-1" },
        { ip: "10.244.0.7" },
      ],
      notReadyAddresses: [{ ip: "10.244.0.8", hostname: "db-2" }],
      ports: [{ name: "http", port: 8080, protocol: "TCP" }],
    }]),
    service("empty", { clusterIP: "None", ports: [http] }),
    service("six", { clusterIP: "None" }),
    endpoints("six", [{ addresses: [{ ip: "fd00::5" }, { ip: "10.244.0.9" }] }]),
    service("inside", { type: "ExternalName", externalName: "web.default.svc.cluster.local" }),
    service("outside", { type: "ExternalName", externalName: "example.com" }),
    service("ring", { type: "ExternalName", externalName: "ring.default.svc.cluster.local" }),
    service("web", { clusterIP: "10.96.0.21", ports: [http] }, {}, "other"),
  ];
}

export function encode(name: string, type: string, more: Partial<packets.Packet> = {}) {
  const question = { type: type as packets.RecordType, name };
  return packets.encode({
    type: "query",
    id: 4_711,
    flags: packets.RECURSION_DESIRED,
    questions: [question],
    ...more,
  });
}

export const withEdns = (bytes: number): Partial<packets.Packet> => ({
  additionals: [{
    type: "OPT",
    name: ".",
    udpPayloadSize: bytes,
    extendedRcode: 0,
    ednsVersion: 0,
    flags: 0,
    flag_do: false,
    options: [],
  }],
});

/** The types leave out the code, which is there. */
export function decode(reply: Uint8Array): packets.DecodedPacket & { rcode?: string } {
  return packets.decode(Buffer.from(reply));
}

/** `A 10.96.0.20`, and other records likewise, with their owner where it is not the name that was asked for. */
export function textOf(record: packets.Answer, asked: string): string {
  const owner = record.name.toLowerCase() === asked.toLowerCase() ? "" : `${record.name} `;
  if (record.type === "SRV") {
    const { priority = 0, weight = 0, port, target } = record.data;
    return `${owner}SRV ${priority} ${weight} ${port} ${target}`;
  }
  if (record.type === "SOA") return `${owner}SOA ${record.data.minimum}`;
  if (record.type === "TXT") return `${owner}TXT ${record.data}`;
  return "data" in record ? `${owner}${record.type} ${record.data}` : `${owner}${record.type}`;
}
