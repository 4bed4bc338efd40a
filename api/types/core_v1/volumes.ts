import {
  always,
  boolean,
  defaulted,
  type Infer,
  inlined,
  int32,
  int64,
  list,
  messagesOf,
  oneOf,
  optional,
  quantity,
  required,
  string,
} from "../schema.ts";
import { LabelSelector, ObjectMeta } from "../meta.ts";
import {
  LocalObjectReference,
  TypedLocalObjectReference,
  TypedObjectReference,
} from "./references.ts";
import { VolumeResourceRequirements } from "./resources.ts";
import {
  AWSElasticBlockStoreVolumeSource,
  AzureDiskVolumeSource,
  AzureFileVolumeSource,
  CephFSVolumeSource,
  CinderVolumeSource,
  CSIVolumeSource,
  FCVolumeSource,
  FlexVolumeSource,
  FlockerVolumeSource,
  GCEPersistentDiskVolumeSource,
  GlusterfsVolumeSource,
  ISCSIVolumeSource,
  NFSVolumeSource,
  PhotonPersistentDiskVolumeSource,
  PortworxVolumeSource,
  QuobyteVolumeSource,
  RBDVolumeSource,
  ScaleIOVolumeSource,
  StorageOSVolumeSource,
  VsphereVirtualDiskVolumeSource,
} from "./storage_systems.ts";

const message = messagesOf("io.k8s.api.core.v1");

export const HostPathVolumeSource = message("HostPathVolumeSource", {
  path: required(1, string),
  type: defaulted(
    2,
    oneOf(
      "",
      "DirectoryOrCreate",
      "Directory",
      "FileOrCreate",
      "File",
      "Socket",
      "CharDevice",
      "BlockDevice",
    ),
    "",
  ),
});
export interface HostPathVolumeSource extends Infer<typeof HostPathVolumeSource> {}

export const PersistentVolumeClaimSpec = message("PersistentVolumeClaimSpec", {
  accessModes: optional(
    1,
    list(oneOf("ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod")),
  ),
  dataSource: optional(7, TypedLocalObjectReference),
  dataSourceRef: optional(8, TypedObjectReference),
  resources: optional(2, VolumeResourceRequirements),
  selector: optional(4, LabelSelector),
  storageClassName: optional(5, string),
  volumeAttributesClassName: optional(9, string),
  volumeMode: defaulted(6, oneOf("Block", "Filesystem"), "Filesystem"),
  volumeName: optional(3, string),
});
export interface PersistentVolumeClaimSpec extends Infer<typeof PersistentVolumeClaimSpec> {}

export const ObjectFieldSelector = message("ObjectFieldSelector", {
  apiVersion: defaulted(1, string, "v1"),
  fieldPath: required(2, string),
}, { isAtomic: true });
export interface ObjectFieldSelector extends Infer<typeof ObjectFieldSelector> {}

export const ResourceFieldSelector = message("ResourceFieldSelector", {
  containerName: optional(1, string),
  divisor: optional(3, quantity),
  resource: required(2, string),
}, { isAtomic: true });
export interface ResourceFieldSelector extends Infer<typeof ResourceFieldSelector> {}

export const KeyToPath = message("KeyToPath", {
  key: required(1, string),
  mode: optional(3, int32),
  path: required(2, string),
});
export interface KeyToPath extends Infer<typeof KeyToPath> {}

export const ConfigMapVolumeSource = message("ConfigMapVolumeSource", {
  defaultMode: defaulted(3, int32, 0o644),
  items: optional(2, list(KeyToPath)),
  ...inlined(1, LocalObjectReference.fields),
  optional: optional(4, boolean),
});
export interface ConfigMapVolumeSource extends Infer<typeof ConfigMapVolumeSource> {}

export const DownwardAPIVolumeFile = message("DownwardAPIVolumeFile", {
  fieldRef: optional(2, ObjectFieldSelector),
  mode: optional(4, int32),
  path: required(1, string),
  resourceFieldRef: optional(3, ResourceFieldSelector),
});
export interface DownwardAPIVolumeFile extends Infer<typeof DownwardAPIVolumeFile> {}

export const DownwardAPIVolumeSource = message("DownwardAPIVolumeSource", {
  defaultMode: defaulted(2, int32, 0o644),
  items: optional(1, list(DownwardAPIVolumeFile)),
});
export interface DownwardAPIVolumeSource extends Infer<typeof DownwardAPIVolumeSource> {}

export const EmptyDirVolumeSource = message("EmptyDirVolumeSource", {
  medium: optional(1, string, "Memory for a tmpfs; empty for the node's disk."),
  sizeLimit: optional(2, quantity),
});
export interface EmptyDirVolumeSource extends Infer<typeof EmptyDirVolumeSource> {}

export const PersistentVolumeClaimTemplate = message("PersistentVolumeClaimTemplate", {
  metadata: always(1, ObjectMeta),
  spec: required(2, PersistentVolumeClaimSpec),
});
export interface PersistentVolumeClaimTemplate
  extends Infer<typeof PersistentVolumeClaimTemplate> {}

export const EphemeralVolumeSource = message("EphemeralVolumeSource", {
  volumeClaimTemplate: optional(1, PersistentVolumeClaimTemplate),
});
export interface EphemeralVolumeSource extends Infer<typeof EphemeralVolumeSource> {}

export const GitRepoVolumeSource = message("GitRepoVolumeSource", {
  directory: optional(3, string),
  repository: required(1, string),
  revision: optional(2, string),
});
export interface GitRepoVolumeSource extends Infer<typeof GitRepoVolumeSource> {}

export const PersistentVolumeClaimVolumeSource = message("PersistentVolumeClaimVolumeSource", {
  claimName: required(1, string),
  readOnly: optional(2, boolean),
});
export interface PersistentVolumeClaimVolumeSource
  extends Infer<typeof PersistentVolumeClaimVolumeSource> {}

export const ConfigMapProjection = message("ConfigMapProjection", {
  items: optional(2, list(KeyToPath)),
  ...inlined(1, LocalObjectReference.fields),
  optional: optional(4, boolean),
});
export interface ConfigMapProjection extends Infer<typeof ConfigMapProjection> {}

export const DownwardAPIProjection = message("DownwardAPIProjection", {
  items: optional(1, list(DownwardAPIVolumeFile)),
});
export interface DownwardAPIProjection extends Infer<typeof DownwardAPIProjection> {}

export const SecretProjection = message("SecretProjection", {
  items: optional(2, list(KeyToPath)),
  ...inlined(1, LocalObjectReference.fields),
  optional: optional(4, boolean),
});
export interface SecretProjection extends Infer<typeof SecretProjection> {}

export const ServiceAccountTokenProjection = message("ServiceAccountTokenProjection", {
  audience: optional(1, string),
  expirationSeconds: defaulted(2, int64, 3600),
  path: required(3, string),
});
export interface ServiceAccountTokenProjection
  extends Infer<typeof ServiceAccountTokenProjection> {}

export const VolumeProjection = message("VolumeProjection", {
  configMap: optional(3, ConfigMapProjection),
  downwardAPI: optional(2, DownwardAPIProjection),
  secret: optional(1, SecretProjection),
  serviceAccountToken: optional(4, ServiceAccountTokenProjection),
});
export interface VolumeProjection extends Infer<typeof VolumeProjection> {}

export const ProjectedVolumeSource = message("ProjectedVolumeSource", {
  defaultMode: defaulted(2, int32, 0o644),
  sources: optional(1, list(VolumeProjection)),
});
export interface ProjectedVolumeSource extends Infer<typeof ProjectedVolumeSource> {}

export const SecretVolumeSource = message("SecretVolumeSource", {
  defaultMode: defaulted(3, int32, 0o644),
  items: optional(2, list(KeyToPath)),
  optional: optional(4, boolean),
  secretName: optional(1, string),
});
export interface SecretVolumeSource extends Infer<typeof SecretVolumeSource> {}

export const Volume = message("Volume", {
  ...inlined(2, {
    awsElasticBlockStore: optional(4, AWSElasticBlockStoreVolumeSource),
    azureDisk: optional(22, AzureDiskVolumeSource),
    azureFile: optional(18, AzureFileVolumeSource),
    cephfs: optional(14, CephFSVolumeSource),
    cinder: optional(13, CinderVolumeSource),
    configMap: optional(19, ConfigMapVolumeSource),
    csi: optional(28, CSIVolumeSource),
    downwardAPI: optional(16, DownwardAPIVolumeSource),
    emptyDir: optional(2, EmptyDirVolumeSource),
    ephemeral: optional(29, EphemeralVolumeSource),
    fc: optional(17, FCVolumeSource),
    flexVolume: optional(12, FlexVolumeSource),
    flocker: optional(15, FlockerVolumeSource),
    gcePersistentDisk: optional(3, GCEPersistentDiskVolumeSource),
    gitRepo: optional(5, GitRepoVolumeSource),
    glusterfs: optional(9, GlusterfsVolumeSource),
    hostPath: optional(1, HostPathVolumeSource),
    iscsi: optional(8, ISCSIVolumeSource),
    nfs: optional(7, NFSVolumeSource),
    persistentVolumeClaim: optional(10, PersistentVolumeClaimVolumeSource),
    photonPersistentDisk: optional(23, PhotonPersistentDiskVolumeSource),
    portworxVolume: optional(24, PortworxVolumeSource),
    projected: optional(26, ProjectedVolumeSource),
    quobyte: optional(21, QuobyteVolumeSource),
    rbd: optional(11, RBDVolumeSource),
    scaleIO: optional(25, ScaleIOVolumeSource),
    secret: optional(6, SecretVolumeSource),
    storageos: optional(27, StorageOSVolumeSource),
    vsphereVolume: optional(20, VsphereVirtualDiskVolumeSource),
  }),
  name: required(1, string),
});
export interface Volume extends Infer<typeof Volume> {}
