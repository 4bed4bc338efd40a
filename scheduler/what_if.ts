import type { Pod, PodTemplateSpec, Service } from "../api/types/core_v1.ts";
import { matchesLabels } from "../api/types/labels.ts";
import { type PodInfo, podInfoOf } from "./pod_info.ts";
import type { Policy } from "./policy.ts";
import { Decider, summaryOf } from "./schedule.ts";
import type { Snapshot } from "./snapshot.ts";

export interface Named {
  readonly namespace: string;
  readonly name: string;
}

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
  /** Services all of whose pods would go at once: unreachable until one has started elsewhere. */
  readonly servicesWithoutEndpoints: readonly Named[];
}

interface Question {
  /** A copy: it is changed. */
  readonly world: Snapshot;
  readonly policy: Policy;
  readonly services: readonly Readonly<Service>[];
  readonly pods: readonly Readonly<Pod>[];
}

/** @param isDrained pods of DaemonSets and of the node's own files stay, and the node takes no others */
export function whatIfNodeGoes(
  nodeName: string,
  isDrained: boolean,
  { world, policy, services, pods }: Question,
): WhatIf {
  const there = [...world.nodeNamed(nodeName)?.pods.values() ?? []];
  const leaving = there.filter(({ pod }) => !isBoundToNode(pod));
  for (const { pod } of leaving) world.removePod(pod);
  world.removeNode(nodeName);
  const remade = leaving.filter(({ pod }) => pod.metadata.ownerReferences?.length);
  const gone = new Set(leaving.map(({ uid }) => uid));
  return {
    kind: "WhatIf",
    apiVersion: "wherry.dev/v1",
    question: `node ${nodeName} is ${isDrained ? "drained" : "gone"}`,
    ...placesOf(remade.map(({ pod }) => podInfoOf(elsewhere(pod))), world, policy),
    lost: leaving.filter((info) => !remade.includes(info)).map(({ pod }) => named(pod)),
    servicesWithoutEndpoints: services.filter((service) => losesAll(service, pods, gone))
      .map(named),
  };
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
    kind: "WhatIf",
    apiVersion: "wherry.dev/v1",
    question: `${owner.namespace}/${owner.name} has ${more} more pods`,
    ...placesOf(infos, world, policy),
    lost: [],
    servicesWithoutEndpoints: [],
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

function losesAll(
  { metadata, spec }: Readonly<Service>,
  pods: readonly Readonly<Pod>[],
  gone: ReadonlySet<string>,
): boolean {
  const { selector } = spec;
  if (selector === undefined || Object.keys(selector).length === 0) return false;
  const ready = pods.filter((pod) =>
    pod.metadata.namespace === metadata.namespace && matchesLabels(selector, pod.metadata.labels) &&
    pod.status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True")
  );
  return ready.length > 0 && ready.every((pod) => gone.has(pod.metadata.uid ?? ""));
}

function named({ metadata: { namespace = "", name } }: Readonly<Pod | Service>): Named {
  return { namespace, name };
}
