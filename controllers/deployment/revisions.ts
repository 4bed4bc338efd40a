/** What the replica sets of a deployment say of its history, for `kubectl rollout history` and `undo`. */
import { isDeepStrictEqual } from "node:util";
import type { Deployment, ReplicaSet } from "../../api/types/apps_v1.ts";
import type { PodTemplateSpec } from "../../api/types/core_v1.ts";
import { controllerReferenceTo } from "../../client/owners.ts";
import { type Fenceposts } from "./fenceposts.ts";
import { TEMPLATE_HASH, templateHash } from "../template_hash.ts";

export const REVISION = "deployment.kubernetes.io/revision";
const REVISION_HISTORY = "deployment.kubernetes.io/revision-history";
export const DESIRED_REPLICAS = "deployment.kubernetes.io/desired-replicas";
export const MAX_REPLICAS = "deployment.kubernetes.io/max-replicas";
/** What a replica set does not take over from its deployment. */
const OWN_ANNOTATIONS: ReadonlySet<string> = new Set([
  REVISION,
  REVISION_HISTORY,
  DESIRED_REPLICAS,
  MAX_REPLICAS,
  "kubectl.kubernetes.io/last-applied-configuration",
  "deprecated.deployment.rollback.to",
]);

export type Sets = readonly Readonly<ReplicaSet>[];

/** The replica set of the deployment's template as it is now; of several the oldest. */
export function newSetOf(
  deployment: Readonly<Deployment>,
  sets: Sets,
): Readonly<ReplicaSet> | undefined {
  const wanted = withoutHash(deployment.spec.template);
  return oldestFirst(sets).find(({ spec }) =>
    isDeepStrictEqual(withoutHash(spec.template), wanted)
  );
}

function withoutHash({ metadata, spec }: PodTemplateSpec) {
  const { [TEMPLATE_HASH]: _hash, ...labels } = metadata.labels ?? {};
  return { spec, metadata: { annotations: metadata.annotations ?? {}, labels } };
}

export function oldestFirst(sets: Sets): Readonly<ReplicaSet>[] {
  const age = ({ metadata }: Readonly<ReplicaSet>) =>
    `${metadata.creationTimestamp ?? ""}/${metadata.name}`;
  return sets.toSorted((a, b) => age(a) < age(b) ? -1 : 1);
}

export function revisionOf(set: Readonly<ReplicaSet>): number {
  return Number(set.metadata.annotations?.[REVISION] ?? 0) || 0;
}

export function nameOfNewSet({ metadata, spec, status }: Readonly<Deployment>): string {
  return `${metadata.name}-${templateHash(spec.template, status?.collisionCount)}`;
}

export function newSet(
  deployment: Readonly<Deployment>,
  fenceposts: Fenceposts,
  { replicas, revision }: { readonly replicas: number; readonly revision: number },
): ReplicaSet {
  const { selector, template, minReadySeconds } = deployment.spec;
  const hash = { [TEMPLATE_HASH]: templateHash(template, deployment.status?.collisionCount) };
  const labels = { ...template.metadata.labels, ...hash };
  return {
    apiVersion: "apps/v1",
    kind: "ReplicaSet",
    metadata: {
      name: nameOfNewSet(deployment),
      namespace: deployment.metadata.namespace ?? "",
      labels,
      annotations: {
        ...annotationsFrom(deployment),
        ...limitsOf(fenceposts),
        [REVISION]: String(revision),
      },
      ownerReferences: [controllerReferenceTo(deployment)],
    },
    spec: {
      replicas,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector.matchLabels, ...hash } },
      template: { ...template, metadata: { ...template.metadata, labels } },
    },
  };
}

/** The set as the deployment's newest: annotations, revision and delay are the deployment's. */
export function asNewest(
  set: Readonly<ReplicaSet>,
  deployment: Readonly<Deployment>,
  revision: number,
): ReplicaSet {
  const { minReadySeconds: _before, ...spec } = set.spec;
  const { minReadySeconds } = deployment.spec;
  return {
    ...set,
    metadata: {
      ...set.metadata,
      annotations: {
        ...set.metadata.annotations,
        ...annotationsFrom(deployment),
        ...(revisionOf(set) < revision ? risenTo(set, revision) : {}),
      },
    },
    spec: minReadySeconds === undefined ? spec : { ...spec, minReadySeconds },
  };
}

/** A template that comes back gets a new number; the old one goes into the history. */
function risenTo({ metadata }: Readonly<ReplicaSet>, revision: number): Record<string, string> {
  const { [REVISION]: old, [REVISION_HISTORY]: history } = metadata.annotations ?? {};
  const former = [history, old].filter((one) => one !== undefined && one !== "");
  return {
    [REVISION]: String(revision),
    ...(former.length === 0 ? {} : { [REVISION_HISTORY]: former.join(",") }),
  };
}

export function limitsOf({ wanted, maxSurge }: Fenceposts): Record<string, string> {
  return { [DESIRED_REPLICAS]: String(wanted), [MAX_REPLICAS]: String(wanted + maxSurge) };
}

function annotationsFrom({ metadata }: Readonly<Deployment>): Record<string, string> {
  const entries = Object.entries(metadata.annotations ?? {});
  return Object.fromEntries(entries.filter(([name]) => !OWN_ANNOTATIONS.has(name)));
}
