import type { Node, Pod } from "../types/core_v1.ts";
import type { KubeObject } from "../types/meta.ts";
import {
  type ContainerMetrics,
  METRICS_API_VERSION,
  NODE_METRICS,
  type NodeMetrics,
  type PodMetrics,
} from "../types/metrics_v1beta1.ts";
import { formatQuantity } from "../types/quantity.ts";
import { NODES, PODS } from "../types/resources.ts";
import { StatusError } from "../types/status.ts";
import type { Store } from "../../store/store.ts";
import { keyOf, prefixOf } from "../registry/keys.ts";
import type { Selection } from "../registry/selection.ts";
import type { Call, Reply } from "./exchange.ts";
import type { Figures, NodeSummaries, NodeSummary } from "./node_summaries.ts";
import { listReply, type Resources, selectionIn, type Target } from "./resources.ts";

export interface MeasuredParts {
  readonly resources: Resources;
  readonly store: Store;
  readonly summaries: NodeSummaries;
}

/** The group metrics.k8s.io: what nodes and pods use at this moment, as `kubectl top` and autoscalers read it. */
export class Measured {
  readonly #with: MeasuredParts;
  constructor(parts: MeasuredParts) {
    this.#with = parts;
  }

  async get(call: Call, target: Target): Promise<Reply> {
    const { resources } = this.#with;
    const rendering = resources.rendering(call, target.served);
    const object = isOfNodes(target) ? await this.#node(target.name) : await this.#pod(target);
    if (object === undefined) throw notMeasured(target);
    return resources.shown(rendering, { object });
  }

  async list(call: Call, target: Target): Promise<Reply> {
    const { resources, store } = this.#with;
    const selection = selectionIn(call, target.served);
    const rendering = resources.rendering(call, target.served);
    const found = isOfNodes(target)
      ? await this.#nodes(selection)
      : await this.#pods(selection, target.namespace);
    const items = found.map((object) => ({
      key: keyOf(NODE_METRICS, object.metadata.namespace ?? "", object.metadata.name),
      revision: store.revision,
      bytes: encoder.encode(JSON.stringify(object)),
      object: object as KubeObject as never,
    }));
    return listReply(rendering, { items, revision: store.revision, continue: "" });
  }

  async #node(name: string): Promise<NodeMetrics | undefined> {
    const node = this.#find(name);
    if (node === undefined) return undefined;
    return nodeMetricsOf(node, await this.#with.summaries.of(node));
  }

  async #pod({ namespace = "", name }: Target): Promise<PodMetrics | undefined> {
    const pod = this.#with.store.get(keyOf(PODS, namespace, name))?.object as Pod | undefined;
    const node = pod && this.#find(pod.spec.nodeName ?? "");
    if (pod === undefined || node === undefined) return undefined;
    return podMetricsOf(pod, podsByUid(await this.#with.summaries.of(node)));
  }

  async #nodes(selection: Selection): Promise<NodeMetrics[]> {
    const { store, summaries } = this.#with;
    const nodes = store.list(prefixOf(NODES)).map(({ object }) => object as unknown as Node)
      .filter((node) => selection.matches(node));
    const found = await Promise.all(
      nodes.map(async (node) => nodeMetricsOf(node, await summaries.of(node))),
    );
    return found.filter((one) => one !== undefined);
  }

  /** Only agents that have one of the pods are asked. */
  async #pods(selection: Selection, namespace: string | undefined): Promise<PodMetrics[]> {
    const { store, summaries } = this.#with;
    const pods = store.list(prefixOf(PODS, namespace)).map(({ object }) => object as unknown as Pod)
      .filter((pod) => pod.spec.nodeName && selection.matches(pod));
    const names = new Set(pods.map(({ spec }) => spec.nodeName ?? ""));
    const asked = [...names].map(async (name) => {
      const node = this.#find(name);
      return [name, podsByUid(node && await summaries.of(node))] as const;
    });
    const byNode = new Map(await Promise.all(asked));
    return pods.map((pod) => podMetricsOf(pod, byNode.get(pod.spec.nodeName ?? "")))
      .filter((one) => one !== undefined);
  }

  #find(name: string): Node | undefined {
    return this.#with.store.get(keyOf(NODES, "", name))?.object as Node | undefined;
  }
}

const encoder = new TextEncoder();

const isOfNodes = ({ served }: Target) => served.kind.resource.kind === "NodeMetrics";

/** Source: metrics-server, which names what it serves by its own kinds. */
function notMeasured({ served, namespace, name }: Target): StatusError {
  const kind = served.kind.resource.kind.toLowerCase();
  const shown = namespace === undefined ? name : `${namespace}/${name}`;
  const why = `${kind}.metrics.k8s.io ${JSON.stringify(shown)} not found`;
  return new StatusError("NotFound", why, [], { group: "metrics.k8s.io", kind, name: shown });
}

type MeasuredContainers = NodeSummary["pods"][number]["containers"];

function podsByUid(summary: NodeSummary | undefined): ReadonlyMap<string, MeasuredContainers> {
  return new Map(summary?.pods.map(({ podRef, containers }) => [podRef.uid, containers]));
}

function nodeMetricsOf(node: Node, summary: NodeSummary | undefined): NodeMetrics | undefined {
  if (summary === undefined) return undefined;
  const usage = usageOf(summary.node);
  if (usage === undefined) return undefined;
  return { ...base("NodeMetrics", node, summary.node), usage };
}

/** A pod of which one container has no figures yet has none: a part of the truth would mislead. */
function podMetricsOf(
  pod: Pod,
  measured: ReadonlyMap<string, MeasuredContainers> | undefined,
): PodMetrics | undefined {
  const containers = measured?.get(pod.metadata.uid ?? "") ?? [];
  const [first] = containers;
  if (first === undefined) return undefined;
  const shown = containers.map((one): ContainerMetrics | undefined => {
    const usage = usageOf(one);
    return usage && { name: one.name, usage };
  }).filter((one) => one !== undefined);
  if (shown.length < containers.length) return undefined;
  return { ...base("PodMetrics", pod, first), containers: shown };
}

function base<K extends string>(kind: K, { metadata }: Node | Pod, { cpu }: Figures) {
  const { name, namespace, labels } = metadata;
  const time = cpu?.time ?? "";
  return {
    kind,
    apiVersion: METRICS_API_VERSION,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      creationTimestamp: time,
      ...(labels !== undefined && { labels }),
    },
    timestamp: time,
    window: `${cpu?.windowSeconds ?? 0}s`,
  };
}

function usageOf({ cpu, memory }: Figures): { cpu: string; memory: string } | undefined {
  const { usageNanoCores } = cpu ?? {};
  const { workingSetBytes } = memory ?? {};
  if (!isAmount(usageNanoCores) || !isAmount(workingSetBytes)) return undefined;
  return {
    cpu: usageNanoCores === 0
      ? "0"
      : formatQuantity({ nano: BigInt(usageNanoCores), format: "decimal" }),
    memory: `${Math.floor(workingSetBytes / 1024)}Ki`,
  };
}

function isAmount(value: number | undefined): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
