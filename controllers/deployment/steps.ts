/** Which replica sets are made, sized and thrown away next. One step at a time: each sees what the last brought about. */
import type { DeploymentStatus, ReplicaSet } from "../../api/types/apps_v1.ts";
import type { Write } from "../../client/cache.ts";
import { toward } from "../../client/writes.ts";
import {
  asNewest,
  limitsOf,
  nameOfNewSet,
  newSet,
  REVISION,
  revisionOf,
  type Sets,
} from "./revisions.ts";
import {
  isScaling,
  sizeOf,
  sizeOfNew,
  type Sizes,
  sizesOfOld,
  sizesWhenScaled,
  sumOf,
} from "./sizes.ts";
import { isComplete, type Rollout, statusOf } from "./status.ts";

export interface Step {
  readonly writes: readonly Write[];
  /** What the Progressing condition should tell of the step. */
  readonly deed?: { readonly reason: string; readonly message: string };
  /** The deployment's new `collisionCount`. */
  readonly collision?: number;
  /** The deployment's new annotations. */
  readonly annotations?: Readonly<Record<string, string>>;
}

const NO_STEP: Step = { writes: [] };

export function stepOf(rollout: Rollout, haveOldPods: () => boolean): Step {
  const { deployment: { spec }, all, fenceposts } = rollout;
  if (spec.paused === true || isScaling(all, fenceposts)) return scale(rollout);
  return spec.strategy?.type === "Recreate" ? recreate(rollout, haveOldPods) : roll(rollout);
}

/** A paused deployment is scaled and cleaned up, but gets no new template. */
function scale(rollout: Rollout): Step {
  const { deployment, newest, fenceposts } = rollout;
  const isRolling = deployment.spec.strategy?.type !== "Recreate";
  const before = deployment.status?.replicas ?? 0;
  const sizes = sizesWhenScaled(newest, oldOf(rollout), { ...fenceposts, isRolling, before });
  const writes = resized(rollout, sizes);
  if (writes.length > 0) return { writes };
  // their notes of what is wanted are out of date, but their sizes are right
  const noted = rollout.all.flatMap((set) => sized(set, sizeOf(set), rollout));
  if (noted.length > 0 && isScaling(rollout.all, fenceposts)) return { writes: noted };
  return deployment.spec.paused === true ? cleanUp(rollout) : NO_STEP;
}

function roll(rollout: Rollout): Step {
  const { newest, all, fenceposts } = rollout;
  if (newest === undefined) {
    return created(rollout, sizeOfNew(0, sumOf(all, sizeOf), fenceposts));
  }
  const renamed = asTheNewest(rollout, newest);
  if (renamed !== undefined) return renamed;
  const size = sizeOfNew(sizeOf(newest), sumOf(all, sizeOf), fenceposts);
  const grown = resized(rollout, new Map([[newest, size]]));
  if (grown.length > 0) return { writes: grown };
  const shrunk = resized(rollout, sizesOfOld(newest, oldOf(rollout), fenceposts));
  return shrunk.length > 0 ? { writes: shrunk } : cleanUpWhenComplete(rollout);
}

function recreate(rollout: Rollout, haveOldPods: () => boolean): Step {
  const { newest, fenceposts: { wanted } } = rollout;
  const ended = resized(rollout, new Map(oldOf(rollout).map((set) => [set, 0])));
  if (ended.length > 0) return { writes: ended };
  if (haveOldPods()) return NO_STEP;
  if (newest === undefined) return created(rollout, wanted);
  const renamed = asTheNewest(rollout, newest);
  if (renamed !== undefined) return renamed;
  const grown = resized(rollout, new Map([[newest, wanted]]));
  return grown.length > 0 ? { writes: grown } : cleanUpWhenComplete(rollout);
}

function oldOf({ newest, all }: Rollout): Sets {
  return all.filter((set) => set !== newest);
}

function nextRevision(rollout: Rollout): number {
  return Math.max(0, ...oldOf(rollout).map(revisionOf)) + 1;
}

/** A name that is taken by another template's set makes the next hash another one. */
function created(rollout: Rollout, replicas: number): Step {
  const { deployment, all, fenceposts } = rollout;
  const name = nameOfNewSet(deployment);
  if (all.some(({ metadata }) => metadata.name === name)) {
    return { writes: [], collision: (deployment.status?.collisionCount ?? 0) + 1 };
  }
  const object = newSet(deployment, fenceposts, { replicas, revision: nextRevision(rollout) });
  const message = `Created new replica set "${name}"`;
  return {
    writes: [{ verb: "create", object }],
    deed: { reason: "NewReplicaSetCreated", message },
  };
}

/** The newest set bears the highest revision, and so does the deployment. */
function asTheNewest(rollout: Rollout, newest: Readonly<ReplicaSet>): Step | undefined {
  const { deployment } = rollout;
  const want = asNewest(newest, deployment, nextRevision(rollout));
  const writes = toward(newest, want);
  if (writes.length > 0) return { writes };
  const { annotations = {} } = deployment.metadata;
  const revision = String(revisionOf(newest));
  if (annotations[REVISION] === revision) return undefined;
  return { writes: [], annotations: { ...annotations, [REVISION]: revision } };
}

/** Writes for the sets whose size changes. */
function resized(rollout: Rollout, sizes: Sizes): Write[] {
  return [...sizes].filter(([set, size]) => size !== sizeOf(set))
    .flatMap(([set, size]) => sized(set, size, rollout));
}

function sized(set: Readonly<ReplicaSet>, replicas: number, { fenceposts }: Rollout): Write[] {
  const annotations = { ...set.metadata.annotations, ...limitsOf(fenceposts) };
  const want: ReplicaSet = {
    ...set,
    metadata: { ...set.metadata, annotations },
    spec: { ...set.spec, replicas },
  };
  return toward(set, want);
}

function cleanUpWhenComplete(rollout: Rollout): Step {
  const status: DeploymentStatus = statusOf(rollout);
  return isComplete(rollout.deployment, status) ? cleanUp(rollout) : NO_STEP;
}

/** Old sets beyond the history go, the oldest revisions first; those that still have pods stay. */
function cleanUp(rollout: Rollout): Step {
  const { revisionHistoryLimit: limit = 10 } = rollout.deployment.spec;
  const old = oldOf(rollout).filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const surplus = old.toSorted((a, b) => revisionOf(a) - revisionOf(b))
    .slice(0, Math.max(0, old.length - limit));
  const idle = surplus.filter((set) => sizeOf(set) === 0 && (set.status?.replicas ?? 0) === 0);
  return { writes: idle.map((object) => ({ verb: "delete", object })) };
}
