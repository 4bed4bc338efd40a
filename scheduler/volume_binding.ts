import { meetsTerm } from "../api/types/node_affinity.ts";
import type { PersistentVolume, PersistentVolumeClaim } from "../api/types/core_v1.ts";
import { compareQuantities } from "../api/types/quantity.ts";
import type { StorageClass } from "../api/types/storage_v1.ts";
import type { NodeInfo } from "./node_info.ts";
import type { PodInfo } from "./pod_info.ts";
import type { NodeCheck, Refusal } from "./predicates.ts";
import { claimNamesOf } from "./volumes.ts";
import type { World } from "./world.ts";

/** Source of the texts: kube-scheduler, volumebinding. */
const NODE_CONFLICT = "node(s) had volume node affinity conflict";
export const NO_VOLUME = "node(s) didn't find available persistent volumes to bind";
export const UNBOUND = "pod has unbound immediate PersistentVolumeClaims";

/** Source: Kubernetes, volume.kubernetes.io/selected-node: where a claim that waited for its pod gets its volume. */
export const SELECTED_NODE = "volume.kubernetes.io/selected-node";
/** Source: Kubernetes, the provisioner of classes whose volumes are made by hand. */
const NO_PROVISIONER = "kubernetes.io/no-provisioner";

type Claim = Readonly<PersistentVolumeClaim>;
type Volume = Readonly<PersistentVolume>;

/** Predicate CheckVolumeBinding: the node reaches the volumes of bound claims, and those that wait can be had there. */
export function fitsVolumes(pod: PodInfo, world: World): NodeCheck | Refusal | undefined {
  const names = claimNamesOf(pod.pod);
  if (names.length === 0) return undefined;
  const checks: NodeCheck[] = [];
  for (const name of names) {
    const claim = world.volumes.claimNamed(pod.pod.metadata.namespace ?? "", name);
    if (claim === undefined) return { refusal: `persistentvolumeclaim "${name}" not found` };
    if (claim.metadata.deletionTimestamp !== undefined) {
      return { refusal: `persistentvolumeclaim "${name}" is being deleted` };
    }
    const check = claim.spec.volumeName ? boundCheck(claim, world) : waitingCheck(claim, world);
    if (check === undefined) return { refusal: UNBOUND };
    checks.push(check);
  }
  return (node) => checks.flatMap((check) => check(node));
}

/** Claims of the pod that wait for its node to be chosen. */
export function claimsThatWait({ pod }: PodInfo, world: World): Claim[] {
  return claimNamesOf(pod).flatMap((name) => {
    const claim = world.volumes.claimNamed(pod.metadata.namespace ?? "", name);
    return claim === undefined || claim.spec.volumeName ? [] : [claim];
  });
}

function boundCheck(claim: Claim, world: World): NodeCheck {
  const volume = world.volumes.volumes.get(claim.spec.volumeName ?? "");
  if (volume === undefined) return () => [NO_VOLUME];
  return (node) => reaches(volume, node) ? [] : [NODE_CONFLICT];
}

/** @returns undefined when the claim waits for nobody: it must be bound first */
function waitingCheck(claim: Claim, world: World): NodeCheck | undefined {
  const name = claim.spec.storageClassName ?? "";
  const storage = world.volumes.classes.get(name);
  if (storage?.volumeBindingMode !== "WaitForFirstConsumer") return undefined;
  const free = [...world.volumes.volumes.values()].filter((volume) => suits(volume, claim));
  return (node) => {
    if (free.some((volume) => reaches(volume, node))) return [];
    return isMadeOn(storage, node) ? [] : [NO_VOLUME];
  };
}

function reaches({ spec }: Volume, node: NodeInfo): boolean {
  const required = spec.nodeAffinity?.required;
  return required === undefined ||
    required.nodeSelectorTerms.some((term) => meetsTerm(term, node));
}

function suits({ spec, status, metadata }: Volume, claim: Claim): boolean {
  if (spec.claimRef !== undefined) {
    const { namespace, name } = spec.claimRef;
    return namespace === claim.metadata.namespace && name === claim.metadata.name;
  }
  if (metadata.deletionTimestamp !== undefined) return false;
  if (status?.phase !== undefined && status.phase !== "Available") return false;
  if ((spec.storageClassName ?? "") !== (claim.spec.storageClassName ?? "")) return false;
  const asked = claim.spec.resources?.requests?.storage ?? "0";
  return compareQuantities(spec.capacity?.storage ?? "0", asked) >= 0 &&
    (claim.spec.accessModes ?? []).every((mode) => spec.accessModes?.includes(mode));
}

function isMadeOn(
  { provisioner, allowedTopologies = [] }: Readonly<StorageClass>,
  { labels }: NodeInfo,
): boolean {
  if (provisioner === NO_PROVISIONER) return false;
  return allowedTopologies.length === 0 ||
    allowedTopologies.some(({ matchLabelExpressions = [] }) =>
      matchLabelExpressions.every(({ key, values }) => values.includes(labels[key] ?? ""))
    );
}
