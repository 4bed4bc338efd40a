import type {
  PersistentVolume,
  PersistentVolumeClaim,
  Pod,
  Volume,
} from "../../api/types/core_v1.ts";
import { meetsTerm } from "../../api/types/node_affinity.ts";
import { ConfigurationError } from "../environment.ts";
import { planNfs } from "./nfs_plan.ts";
import { ownershipOf } from "./ownership.ts";
import { type VolumePlan, VolumeRefusal, type VolumeSources } from "./volume_plan.ts";

/** The annotation of volumes that the cluster's own provisioner has made: folders of one node. */
export const PROVISIONED_BY = "pv.kubernetes.io/provisioned-by";
export const LOCAL_PROVISIONER = "wherry.dev/local";

/** A claim, and what it is bound to. */
export interface BoundClaim {
  readonly claim: PersistentVolumeClaim;
  readonly volume: PersistentVolume;
}

interface Place extends VolumeSources {
  /** For what must be mounted. */
  readonly path: string;
}

/** @throws {ConfigurationError} for what this node can't show */
export function planClaim(
  { name, persistentVolumeClaim }: Volume,
  { claim, volume }: BoundClaim,
  place: Place,
): VolumePlan {
  if (claim.spec.volumeMode === "Block") {
    const why = `volume ${name} has volumeMode Block, but is specified in volumeMounts`;
    throw new VolumeRefusal(unmounted(name, why));
  }
  rejectForeignNode(volume, place);
  const readOnly = persistentVolumeClaim?.readOnly ?? false;
  const plan = planPersistent(volume, place, readOnly);
  return { ...plan, isReadOnly: plan.isReadOnly || readOnly };
}

function planPersistent(
  { metadata, spec }: PersistentVolume,
  { pod, path }: Place,
  readOnly: boolean,
): VolumePlan {
  const { hostPath, local, nfs, mountOptions = [] } = spec;
  if (hostPath !== undefined) {
    return { is: "host", path: hostPath.path, type: hostPath.type ?? "", isReadOnly: false };
  }
  if (local !== undefined) {
    const ownership = readOnly ? undefined : ownershipOf(pod);
    const isOurs = metadata.annotations?.[PROVISIONED_BY] === LOCAL_PROVISIONER;
    return { is: "local", path: local.path, isReadOnly: false, isOurs, ownership };
  }
  if (nfs !== undefined) {
    return planNfs({ ...nfs, readOnly: readOnly || (nfs.readOnly ?? false) }, path, mountOptions);
  }
  throw new ConfigurationError(`${kindOfPersistent(spec)} volumes are not supported`);
}

const KINDS = [
  "csi",
  "iscsi",
  "fc",
  "rbd",
  "cephfs",
  "glusterfs",
  "azureDisk",
  "gcePersistentDisk",
];

function kindOfPersistent(spec: PersistentVolume["spec"]): string {
  return KINDS.find((kind) => kind in spec) ?? "such";
}

/** Text: k8s.io/kubernetes, volume/util, CheckNodeAffinity. */
function rejectForeignNode({ metadata, spec }: PersistentVolume, place: Place): void {
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms;
  if (terms === undefined) return;
  const node = { name: place.nodeName, labels: place.nodeLabels };
  if (terms.some((term) => meetsTerm(term, node))) return;
  throw new VolumeRefusal(
    `MountVolume.NodeAffinity check failed for volume "${metadata.name}" : ` +
      "no matching NodeSelectorTerms",
  );
}

/** Why the claim is no volume yet. @returns undefined for one that is bound. Texts: kubelet, podManager. */
export function whyUnbound(
  volume: Volume,
  { claim, pod }: { claim: PersistentVolumeClaim; pod: Pod },
): string | undefined {
  const owner = claim.metadata.ownerReferences?.find(({ controller }) => controller);
  if (volume.ephemeral !== undefined && owner?.uid !== pod.metadata.uid) {
    const { namespace, name } = claim.metadata;
    return `PVC ${namespace}/${name} was not created for pod ` +
      `${namespace}/${pod.metadata.name} (pod is not owner)`;
  }
  if (claim.metadata.deletionTimestamp !== undefined) return "PVC is being deleted";
  const isBound = claim.status?.phase === "Bound" && claim.spec.volumeName;
  return isBound ? undefined : "PVC is not bound";
}

/** As kubelet tells of volumes that it could not even begin with. */
export function unmounted(volumeName: string, why: string): string {
  return `Unable to attach or mount volumes: unmounted volumes=[${volumeName}], ` +
    `unattached volumes=[], failed to process volumes=[${volumeName}]: ${why}`;
}
