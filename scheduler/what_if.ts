import type { Pod, PodTemplateSpec, Service } from "../api/types/core_v1.ts";
import { type PodInfo, podInfoOf } from "./pod_info.ts";
import type { Policy } from "./policy.ts";
import { Decider, summaryOf } from "./schedule.ts";
import { type FewerEndpoints, type Named, named, servicesHit } from "./services_hit.ts";
import type { Snapshot } from "./snapshot.ts";

/** What would happen; nothing of it does. */
export interface WhatIf {
  readonly kind: "WhatIf";
  readonly apiVersion: "wherry.dev/v1";
  readonly question: string;
  /** Pods that find a place, and where. */
  readonly moves: readonly (Named & { readonly to: string })[];
  /** Pods that find none, and why. */
  readonly stuck: readonly (Named & { readonly why: string })[];
  /** Pods that would end without another in their place: nobody makes them anew. */
  readonly lost: readonly Named[];
  /** Pods that their controller would give up, in its order. */
  readonly deleted: readonly (Named & { readonly from?: string })[];
  /** Services all of whose pods would go at once: unreachable until one has started elsewhere. */
  readonly servicesWithoutEndpoints: readonly Named[];
  /** Services that would keep some of their ready pods. */
  readonly servicesWithFewerEndpoints: readonly FewerEndpoints[];
  /** Disruption budgets that would have fewer healthy pods than they want, for as long as none has started elsewhere. */
  readonly budgetsHurt: readonly (Named & { readonly healthy: number; readonly wanted: number })[];
  /** What else matters to whoever asks. */
  readonly notes: readonly string[];
}

interface Question {
  /** A copy: it is changed. */
  readonly world: Snapshot;
  readonly policy: Policy;
  readonly services: readonly Readonly<Service>[];
  readonly pods: readonly Readonly<Pod>[];
}

const NOTHING: Omit<WhatIf, "question"> = {
  kind: "WhatIf",
  apiVersion: "wherry.dev/v1",
  moves: [],
  stuck: [],
  lost: [],
  deleted: [],
  servicesWithoutEndpoints: [],
  servicesWithFewerEndpoints: [],
  budgetsHurt: [],
  notes: [],
};

/** @param isDrained pods of DaemonSets and of the node's own files stay, and the node takes no others */
export function whatIfNodeGoes(
  nodeName: string,
  isDrained: boolean,
  { world, policy, services, pods }: Question,
): WhatIf {
  const leaving = podsLeaving(nodeName, world);
  for (const { pod } of leaving) world.removePod(pod);
  world.removeNode(nodeName);
  const remade = leaving.filter(({ pod }) => pod.metadata.ownerReferences?.length);
  return {
    ...NOTHING,
    question: `node ${nodeName} is ${isDrained ? "drained" : "gone"}`,
    ...placesOf(remade.map(({ pod }) => podInfoOf(elsewhere(pod))), world, policy),
    lost: leaving.filter((info) => !remade.includes(info)).map(({ pod }) => named(pod)),
    ...servicesHit(services, pods, leaving.map(({ pod }) => pod)),
  };
}

/** The pods that end with the node, or by its drain. */
export function podsLeaving(nodeName: string, world: Snapshot): PodInfo[] {
  return [...world.nodeNamed(nodeName)?.pods.values() ?? []]
    .filter(({ pod }) => !isBoundToNode(pod));
}

/** So many more pods of a template. */
export function whatIfMore(
  owner: Named,
  template: PodTemplateSpec,
  more: number,
  { world, policy }: Pick<Question, "world" | "policy">,
): WhatIf {
  const infos = Array.from({ length: more }, (_, i) =>
    podInfoOf({
      apiVersion: "v1",
      kind: "Pod",
      metadata: {
        ...template.metadata,
        name: `${owner.name}-new-${i}`,
        uid: `${owner.namespace}/${owner.name}-new-${i}`,
        namespace: owner.namespace,
      },
      spec: template.spec as Pod["spec"],
    }));
  return {
    ...NOTHING,
    question: `${owner.namespace}/${owner.name} has ${more} more pods`,
    ...placesOf(infos, world, policy),
  };
}

/** What a controller gives up and makes, where it wants fewer pods. */
export function whatIfFewer(
  owner: Named,
  replicas: number,
  { deleted, made }: {
    readonly deleted: readonly Readonly<Pod>[];
    readonly made: readonly Readonly<Pod>[];
  },
  { world, policy, services, pods }: Question,
): WhatIf {
  for (const pod of deleted) if (pod.spec.nodeName) world.removePod(pod);
  return {
    ...NOTHING,
    question: `${owner.namespace}/${owner.name} is scaled down to ${replicas}`,
    ...placesOf(made.map((pod) => podInfoOf(pod)), world, policy),
    deleted: deleted.map((pod) => ({
      ...named(pod),
      ...(pod.spec.nodeName ? { from: pod.spec.nodeName } : {}),
    })),
    ...servicesHit(services, pods, deleted),
  };
}

function placesOf(
  pods: readonly PodInfo[],
  world: Snapshot,
  policy: Policy,
): Pick<WhatIf, "moves" | "stuck"> {
  const decider = new Decider(world, policy);
  const moves: (Named & { to: string })[] = [];
  const stuck: (Named & { why: string })[] = [];
  for (const info of pods.toSorted((a, b) => b.priority - a.priority)) {
    const decision = decider.decide(info, () => 0);
    if (!decision.fits) stuck.push({ ...named(info.pod), why: summaryOf(decision.why) });
    else {
      world.assume(info, decision.nodeName);
      moves.push({ ...named(info.pod), to: decision.nodeName });
    }
  }
  return { moves, stuck };
}

function isBoundToNode({ metadata }: Readonly<Pod>): boolean {
  return metadata.ownerReferences?.some(({ kind }) => kind === "DaemonSet" || kind === "Node") ??
    false;
}

/** As its controller would make it anew. */
function elsewhere(pod: Readonly<Pod>): Pod {
  const { nodeName: _, ...spec } = pod.spec;
  return { ...pod, metadata: { ...pod.metadata, uid: `${pod.metadata.uid}-new` }, spec };
}
