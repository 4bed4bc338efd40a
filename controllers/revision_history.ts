/** The templates that a DaemonSet or StatefulSet has had, as ControllerRevisions: what `kubectl rollout undo` goes back to. */
import { isDeepStrictEqual } from "node:util";
import type { ControllerRevision } from "../api/types/apps_v1.ts";
import type { PodTemplateSpec } from "../api/types/core_v1.ts";
import { selectorOf } from "../api/types/labels.ts";
import type { KubeObject, LabelSelector } from "../api/types/meta.ts";
import type { Write } from "../client/cache.ts";
import { controllerReferenceTo } from "../client/owners.ts";
import { claimsOf } from "./replicas.ts";
import { templateHash } from "./template_hash.ts";

/** The label by which pods of one template are told from those of another. */
export const REVISION_HASH = "controller-revision-hash";

export interface Workload extends KubeObject {
  readonly spec: {
    readonly selector: LabelSelector;
    readonly template: PodTemplateSpec;
    readonly revisionHistoryLimit?: number;
  };
  readonly status?: { readonly collisionCount?: number };
}

export interface History {
  /** Claims, a new revision, or one that is the newest again. With any, the rest should wait. */
  readonly writes: readonly Write[];
  /** Undefined until it is written. */
  readonly newest: Readonly<ControllerRevision> | undefined;
  /** Oldest first, without the newest. */
  readonly former: readonly Readonly<ControllerRevision>[];
  /** A name was taken by another template: the status should count it. */
  readonly isCollision: boolean;
}

export function historyOf(
  workload: Readonly<Workload>,
  inNamespace: readonly Readonly<ControllerRevision>[],
): History {
  const { mine, writes } = claimsOf(workload, selectorOf(workload.spec.selector), inNamespace);
  const sorted = mine.toSorted((a, b) => a.revision - b.revision);
  const data = dataOf(workload.spec.template);
  const same = sorted.findLast((revision) => isDeepStrictEqual(revision.data, data));
  const former = sorted.filter((revision) => revision !== same);
  const last = sorted.at(-1)?.revision ?? 0;
  if (writes.length > 0) return { writes, newest: undefined, former, isCollision: false };
  if (same === undefined) {
    const object = revisionFor(workload, data, last + 1);
    const isCollision = sorted.some(({ metadata }) => metadata.name === object.metadata.name);
    const create: Write[] = isCollision ? [] : [{ verb: "create", object }];
    return { writes: create, newest: undefined, former, isCollision };
  }
  if (same.revision === last) return { writes: [], newest: same, former, isCollision: false };
  const object: ControllerRevision = { ...same, revision: last + 1 };
  return { writes: [{ verb: "update", object }], newest: same, former, isCollision: false };
}

/** Deletes what is older than the history goes back and nobody lives by. */
export function forgetting(
  { former }: History,
  limit: number,
  isLive: (revision: Readonly<ControllerRevision>) => boolean,
): Write[] {
  const idle = former.filter((revision) => !isLive(revision));
  return idle.slice(0, Math.max(0, idle.length - limit))
    .map((object) => ({ verb: "delete", object }));
}

export function hashOf({ metadata }: Readonly<ControllerRevision>): string {
  return metadata.labels?.[REVISION_HASH] ?? "";
}

/** A patch that kubectl applies to go back. */
function dataOf(template: PodTemplateSpec): unknown {
  return JSON.parse(JSON.stringify({ spec: { template: { ...template, $patch: "replace" } } }));
}

function revisionFor(
  workload: Readonly<Workload>,
  data: unknown,
  revision: number,
): ControllerRevision {
  const hash = templateHash(data, workload.status?.collisionCount);
  const { name, namespace = "" } = workload.metadata;
  return {
    apiVersion: "apps/v1",
    kind: "ControllerRevision",
    metadata: {
      name: `${name}-${hash}`,
      namespace,
      labels: { ...workload.spec.template.metadata.labels, [REVISION_HASH]: hash },
      ownerReferences: [controllerReferenceTo(workload)],
    },
    data,
    revision,
  } as ControllerRevision;
}
