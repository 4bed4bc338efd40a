import type { Container, Node, Pod, Service } from "../api/types/core_v1.ts";
import type { Clock } from "../api/types/ambient.ts";
import { podInfoOf } from "./pod_info.ts";
import { Snapshot } from "./snapshot.ts";

/** Objects as tests of the scheduler need them: a few words for what matters, and nothing else. */
export interface PodWords {
  namespace?: string;
  labels?: Record<string, string>;
  nodeName?: string;
  cpu?: string;
  memory?: string;
  hostPort?: number;
  spec?: Partial<Pod["spec"]>;
  container?: Partial<Container>;
}

export function podWith(name: string, words: PodWords = {}): Pod {
  const { namespace = "default", labels = {}, nodeName, cpu, memory, hostPort } = words;
  const requests = { ...(cpu && { cpu }), ...(memory && { memory }) };
  const ports = hostPort === undefined ? [] : [{ containerPort: 80, hostPort }];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, namespace, labels, uid: `uid-${namespace}-${name}` },
    spec: {
      containers: [{ name: "main", resources: { requests }, ports, ...words.container }],
      ...(nodeName && { nodeName }),
      ...words.spec,
    },
  };
}

export interface NodeWords {
  labels?: Record<string, string>;
  cpu?: string;
  memory?: string;
  pods?: string;
  ready?: "True" | "False" | "Unknown";
  spec?: Node["spec"];
}

export function nodeWith(name: string, words: NodeWords = {}): Node {
  const { labels = {}, cpu = "4", memory = "8Gi", pods = "110", ready = "True" } = words;
  return {
    apiVersion: "v1",
    kind: "Node",
    metadata: { name, labels },
    spec: words.spec ?? {},
    status: {
      allocatable: { cpu, memory, pods },
      conditions: [{ type: "Ready", status: ready }],
    },
  };
}

export function serviceWith(name: string, selector: Record<string, string>): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "default" },
    spec: { selector, ports: [{ port: 80 }] },
  };
}

const STILL: Clock = { now: () => 0, sleep: () => Promise.resolve(), after: () => () => {} };

/** A cluster at rest: pods that name a node run there. */
export function worldOf(objects: readonly (Node | Pod | Service)[]): Snapshot {
  const world = new Snapshot(STILL);
  for (const object of objects) {
    if (object.kind === "Node") world.setNode(object as Node);
    else if (object.kind === "Service") world.setService(object as Service);
    else world.setPod(object as Pod);
  }
  return world;
}

export const infoOf = (name: string, words?: PodWords) => podInfoOf(podWith(name, words));
