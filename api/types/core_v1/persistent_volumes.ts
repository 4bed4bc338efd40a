import {
  always,
  defaulted,
  type Infer,
  inlined,
  list,
  map,
  messagesOf,
  oneOf,
  optional,
  quantity,
  required,
  string,
  time,
} from "../schema.ts";
import { ObjectMeta, TYPE_META } from "../meta.ts";
import { LocalVolumeSource, ObjectReference } from "./references.ts";
import { NodeSelector } from "./scheduling.ts";
import {
  AWSElasticBlockStoreVolumeSource,
  AzureDiskVolumeSource,
  AzureFilePersistentVolumeSource,
  CephFSPersistentVolumeSource,
  CinderPersistentVolumeSource,
  CSIPersistentVolumeSource,
  FCVolumeSource,
  FlexPersistentVolumeSource,
  FlockerVolumeSource,
  GCEPersistentDiskVolumeSource,
  GlusterfsPersistentVolumeSource,
  ISCSIPersistentVolumeSource,
  NFSVolumeSource,
  PhotonPersistentDiskVolumeSource,
  PortworxVolumeSource,
  QuobyteVolumeSource,
  RBDPersistentVolumeSource,
  ScaleIOPersistentVolumeSource,
  StorageOSPersistentVolumeSource,
  VsphereVirtualDiskVolumeSource,
} from "./storage_systems.ts";
import { HostPathVolumeSource, PersistentVolumeClaimSpec } from "./volumes.ts";

const message = messagesOf("io.k8s.api.core.v1");

export const VolumeNodeAffinity = message("VolumeNodeAffinity", {
  required: optional(1, NodeSelector),
});
export interface VolumeNodeAffinity extends Infer<typeof VolumeNodeAffinity> {}

export const PersistentVolumeSpec = message("PersistentVolumeSpec", {
  accessModes: optional(3, list(string)),
  ...inlined(2, {
    awsElasticBlockStore: optional(2, AWSElasticBlockStoreVolumeSource),
    azureDisk: optional(16, AzureDiskVolumeSource),
    azureFile: optional(13, AzureFilePersistentVolumeSource),
    cephfs: optional(9, CephFSPersistentVolumeSource),
    cinder: optional(8, CinderPersistentVolumeSource),
    csi: optional(22, CSIPersistentVolumeSource),
    fc: optional(10, FCVolumeSource),
    flexVolume: optional(12, FlexPersistentVolumeSource),
    flocker: optional(11, FlockerVolumeSource),
    gcePersistentDisk: optional(1, GCEPersistentDiskVolumeSource),
    glusterfs: optional(4, GlusterfsPersistentVolumeSource),
    hostPath: optional(3, HostPathVolumeSource),
    iscsi: optional(7, ISCSIPersistentVolumeSource),
    local: optional(20, LocalVolumeSource),
    nfs: optional(5, NFSVolumeSource),
    photonPersistentDisk: optional(17, PhotonPersistentDiskVolumeSource),
    portworxVolume: optional(18, PortworxVolumeSource),
    quobyte: optional(15, QuobyteVolumeSource),
    rbd: optional(6, RBDPersistentVolumeSource),
    scaleIO: optional(19, ScaleIOPersistentVolumeSource),
    storageos: optional(21, StorageOSPersistentVolumeSource),
    vsphereVolume: optional(14, VsphereVirtualDiskVolumeSource),
  }),
  capacity: optional(1, map(quantity)),
  claimRef: { ...optional(4, ObjectReference), isGranular: true },
  mountOptions: optional(7, list(string)),
  nodeAffinity: optional(9, VolumeNodeAffinity),
  persistentVolumeReclaimPolicy: defaulted(5, oneOf("Delete", "Recycle", "Retain"), "Retain"),
  storageClassName: optional(6, string),
  volumeAttributesClassName: optional(10, string),
  volumeMode: defaulted(8, oneOf("Block", "Filesystem"), "Filesystem"),
});
export interface PersistentVolumeSpec extends Infer<typeof PersistentVolumeSpec> {}

export const PersistentVolumeStatus = message("PersistentVolumeStatus", {
  lastPhaseTransitionTime: optional(4, time),
  message: optional(2, string),
  phase: optional(1, string),
  reason: optional(3, string),
});
export interface PersistentVolumeStatus extends Infer<typeof PersistentVolumeStatus> {}

export const PersistentVolume = message("PersistentVolume", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, PersistentVolumeSpec),
  status: optional(3, PersistentVolumeStatus),
}, { description: "Storage that outlives pods." });
export interface PersistentVolume extends Infer<typeof PersistentVolume> {}

export const PersistentVolumeClaimCondition = message("PersistentVolumeClaimCondition", {
  lastProbeTime: optional(3, time),
  lastTransitionTime: optional(4, time),
  message: optional(6, string),
  reason: optional(5, string),
  status: required(2, string),
  type: required(1, string),
});
export interface PersistentVolumeClaimCondition
  extends Infer<typeof PersistentVolumeClaimCondition> {}

export const PersistentVolumeClaimStatus = message("PersistentVolumeClaimStatus", {
  accessModes: optional(2, list(string)),
  allocatedResourceStatuses: optional(7, map(string)),
  allocatedResources: optional(5, map(quantity)),
  capacity: optional(3, map(quantity)),
  conditions: optional(4, list(PersistentVolumeClaimCondition, { mergeKey: "type" })),
  phase: optional(1, string),
});
export interface PersistentVolumeClaimStatus extends Infer<typeof PersistentVolumeClaimStatus> {}

export const PersistentVolumeClaim = message("PersistentVolumeClaim", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, PersistentVolumeClaimSpec),
  status: optional(3, PersistentVolumeClaimStatus),
}, { description: "Asks for storage, and is bound to a volume that fits." });
export interface PersistentVolumeClaim extends Infer<typeof PersistentVolumeClaim> {}
