/** Which pods of a StatefulSet are made and ended next. */
import type { StatefulSet } from "../../api/types/apps_v1.ts";
import type { Pod } from "../../api/types/core_v1.ts";
import { podsIn } from "../pod_amounts.ts";
import { isOver } from "../pods.ts";
import { REVISION_HASH } from "../revision_history.ts";
import { ordinalOf, wantedOrdinals } from "./ordinals.ts";

export interface Replica {
  readonly ordinal: number;
  /** Absent: it has to be made. */
  readonly pod: Readonly<Pod> | undefined;
}

export interface Standing {
  readonly set: Readonly<StatefulSet>;
  readonly pods: readonly Readonly<Pod>[];
  /** Names of the revision that pods had before an update, and of the one of the set's template. */
  readonly current: string;
  readonly update: string;
  readonly isAvailable: (pod: Readonly<Pod>) => boolean;
  /** The pod that was to be made last was forbidden, as a full quota does. */
  readonly isRefused: boolean;
}

export interface Steps {
  /** Numbers of the pods to be made, each with the name of its revision. */
  readonly create: readonly { readonly ordinal: number; readonly revision: string }[];
  readonly remove: readonly Readonly<Pod>[];
}

const WAIT: Steps = { create: [], remove: [] };

/**
 * OrderedReady makes the pods one by one, each when all before it are available, and ends them the other way
 * round; Parallel does not wait. Updates go from the highest number down to the partition in both. Source:
 * Kubernetes, updateStatefulSet.
 */
export function stepsOf(standing: Standing): Steps {
  const { set, pods } = standing;
  const byOrdinal = new Map(pods.map((pod) => [ordinalOf(set, pod), pod]));
  const wanted = wantedOrdinals(set);
  const replicas = wanted.map((ordinal) => ({ ordinal, pod: byOrdinal.get(ordinal) }));
  const isOrdered = set.spec.podManagementPolicy !== "Parallel";
  const scaled = isOrdered ? scaleInOrder(standing, replicas) : scaleAtOnce(standing, replicas);
  if (scaled !== undefined) return scaled;
  return set.spec.updateStrategy?.type === "OnDelete" ? WAIT : updateDown(standing, replicas);
}

/** Undefined: every pod that is wanted is there and available, and no other is. */
function scaleInOrder(standing: Standing, replicas: readonly Replica[]): Steps | undefined {
  for (const { ordinal, pod } of replicas) {
    if (pod === undefined) {
      return { create: [born(standing, ordinal)], remove: roomFor(standing) };
    }
    if (isOver(pod) && !isEnding(pod)) return { create: [], remove: [pod] };
    if (!isEnding(pod) && isReplaceable(standing, pod)) break; // an update may be what helps it
    if (isEnding(pod) || !standing.isAvailable(pod)) return WAIT;
  }
  const [last, ...others] = surplusOf(standing);
  if (last === undefined) return undefined;
  if (isEnding(last)) return WAIT;
  const isCalm = others.every((pod) => standing.isAvailable(pod));
  return isCalm || !standing.isAvailable(last) ? { create: [], remove: [last] } : WAIT;
}

/** A pod that is refused may need the room of one that is not wanted any more: waiting for it would wait for ever. */
function roomFor(standing: Standing): Readonly<Pod>[] {
  const [last] = surplusOf(standing);
  return standing.isRefused && last !== undefined && !isEnding(last) ? [last] : [];
}

function scaleAtOnce(standing: Standing, replicas: readonly Replica[]): Steps | undefined {
  const create = replicas.filter(({ pod }) => pod === undefined)
    .map(({ ordinal }) => born(standing, ordinal));
  const ended = replicas.flatMap(({ pod }) => pod !== undefined && isOver(pod) ? [pod] : []);
  const remove = [...ended, ...surplusOf(standing)].filter((pod) => !isEnding(pod));
  return create.length + remove.length === 0 ? undefined : { create, remove };
}

/** Pods whose numbers are not wanted, the highest first. */
function surplusOf({ set, pods }: Standing): Readonly<Pod>[] {
  const wanted = new Set(wantedOrdinals(set));
  return pods.filter((pod) => !wanted.has(ordinalOf(set, pod)!))
    .toSorted((a, b) => ordinalOf(set, b)! - ordinalOf(set, a)!);
}

/** A pod below the partition comes back as it was. */
function born({ set, current, update }: Standing, ordinal: number) {
  const { type, rollingUpdate } = set.spec.updateStrategy ?? {};
  const start = set.spec.ordinals?.start ?? 0;
  const partition = rollingUpdate?.partition ?? 0;
  const isKept = type !== "OnDelete" && ordinal < start + partition;
  return { ordinal, revision: isKept ? current : update };
}

/** A broken pod of an old template above the partition: waiting for it would wait for ever. */
function isReplaceable(standing: Standing, pod: Readonly<Pod>): boolean {
  const { set, update, isAvailable } = standing;
  if (set.spec.updateStrategy?.type === "OnDelete" || isAvailable(pod)) return false;
  const ordinal = ordinalOf(set, pod)!;
  return revisionOf(pod) !== update && born(standing, ordinal).revision === update;
}

function updateDown(standing: Standing, replicas: readonly Replica[]): Steps {
  const { set, update, isAvailable } = standing;
  const { maxUnavailable = 1 } = set.spec.updateStrategy?.rollingUpdate ?? {};
  const most = Math.max(1, podsIn(maxUnavailable, set.spec.replicas ?? 1, "up"));
  const down = replicas.filter(({ pod }) =>
    pod === undefined || isEnding(pod) || !isAvailable(pod)
  );
  let room = most - down.length;
  const remove: Readonly<Pod>[] = [];
  for (const { ordinal, pod } of replicas.toReversed()) {
    if (born(standing, ordinal).revision !== update) break;
    if (pod === undefined || isEnding(pod)) continue;
    if (revisionOf(pod) === update) {
      if (!isAvailable(pod) && room <= 0) break;
      continue;
    }
    if (!isAvailable(pod)) remove.push(pod);
    else if (room > 0) {
      remove.push(pod);
      room -= 1;
    }
    if (room <= 0) break;
  }
  return { create: [], remove };
}

export function isEnding({ metadata }: Readonly<Pod>): boolean {
  return metadata.deletionTimestamp !== undefined;
}

export function revisionOf({ metadata }: Readonly<Pod>): string {
  return metadata.labels?.[REVISION_HASH] ?? "";
}
