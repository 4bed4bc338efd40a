import {
  always,
  boolean,
  defaulted,
  type Infer,
  inlined,
  int32,
  int64,
  list,
  map,
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
  ObjectReference,
  SecretReference,
  TypedLocalObjectReference,
  TypedObjectReference,
} from "./references.ts";
import { VolumeResourceRequirements } from "./resources.ts";

const message = messagesOf("io.k8s.api.core.v1");

export const AWSElasticBlockStoreVolumeSource = message("AWSElasticBlockStoreVolumeSource", {
  fsType: optional(2, string),
  partition: optional(3, int32),
  readOnly: optional(4, boolean),
  volumeID: required(1, string),
});
export interface AWSElasticBlockStoreVolumeSource
  extends Infer<typeof AWSElasticBlockStoreVolumeSource> {}

export const AzureDiskVolumeSource = message("AzureDiskVolumeSource", {
  cachingMode: optional(3, string),
  diskName: required(1, string),
  diskURI: required(2, string),
  fsType: optional(4, string),
  kind: optional(6, string),
  readOnly: optional(5, boolean),
});
export interface AzureDiskVolumeSource extends Infer<typeof AzureDiskVolumeSource> {}

export const AzureFilePersistentVolumeSource = message("AzureFilePersistentVolumeSource", {
  readOnly: optional(3, boolean),
  secretName: required(1, string),
  secretNamespace: optional(4, string),
  shareName: required(2, string),
});
export interface AzureFilePersistentVolumeSource
  extends Infer<typeof AzureFilePersistentVolumeSource> {}

export const CephFSPersistentVolumeSource = message("CephFSPersistentVolumeSource", {
  monitors: required(1, list(string)),
  path: optional(2, string),
  readOnly: optional(6, boolean),
  secretFile: optional(4, string),
  secretRef: optional(5, SecretReference),
  user: optional(3, string),
});
export interface CephFSPersistentVolumeSource extends Infer<typeof CephFSPersistentVolumeSource> {}

export const CinderPersistentVolumeSource = message("CinderPersistentVolumeSource", {
  fsType: optional(2, string),
  readOnly: optional(3, boolean),
  secretRef: optional(4, SecretReference),
  volumeID: required(1, string),
});
export interface CinderPersistentVolumeSource extends Infer<typeof CinderPersistentVolumeSource> {}

export const CSIPersistentVolumeSource = message("CSIPersistentVolumeSource", {
  controllerExpandSecretRef: optional(9, SecretReference),
  controllerPublishSecretRef: optional(6, SecretReference),
  driver: required(1, string),
  fsType: optional(4, string),
  nodeExpandSecretRef: optional(10, SecretReference),
  nodePublishSecretRef: optional(8, SecretReference),
  nodeStageSecretRef: optional(7, SecretReference),
  readOnly: optional(3, boolean),
  volumeAttributes: optional(5, map(string)),
  volumeHandle: required(2, string),
});
export interface CSIPersistentVolumeSource extends Infer<typeof CSIPersistentVolumeSource> {}

export const FCVolumeSource = message("FCVolumeSource", {
  fsType: optional(3, string),
  lun: optional(2, int32),
  readOnly: optional(4, boolean),
  targetWWNs: optional(1, list(string)),
  wwids: optional(5, list(string)),
});
export interface FCVolumeSource extends Infer<typeof FCVolumeSource> {}

export const FlexPersistentVolumeSource = message("FlexPersistentVolumeSource", {
  driver: required(1, string),
  fsType: optional(2, string),
  options: optional(5, map(string)),
  readOnly: optional(4, boolean),
  secretRef: optional(3, SecretReference),
});
export interface FlexPersistentVolumeSource extends Infer<typeof FlexPersistentVolumeSource> {}

export const FlockerVolumeSource = message("FlockerVolumeSource", {
  datasetName: optional(1, string),
  datasetUUID: optional(2, string),
});
export interface FlockerVolumeSource extends Infer<typeof FlockerVolumeSource> {}

export const GCEPersistentDiskVolumeSource = message("GCEPersistentDiskVolumeSource", {
  fsType: optional(2, string),
  partition: optional(3, int32),
  pdName: required(1, string),
  readOnly: optional(4, boolean),
});
export interface GCEPersistentDiskVolumeSource
  extends Infer<typeof GCEPersistentDiskVolumeSource> {}

export const GlusterfsPersistentVolumeSource = message("GlusterfsPersistentVolumeSource", {
  endpoints: required(1, string),
  endpointsNamespace: optional(4, string),
  path: required(2, string),
  readOnly: optional(3, boolean),
});
export interface GlusterfsPersistentVolumeSource
  extends Infer<typeof GlusterfsPersistentVolumeSource> {}

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

export const ISCSIPersistentVolumeSource = message("ISCSIPersistentVolumeSource", {
  chapAuthDiscovery: optional(8, boolean),
  chapAuthSession: optional(11, boolean),
  fsType: optional(5, string),
  initiatorName: optional(12, string),
  iqn: required(2, string),
  iscsiInterface: optional(4, string),
  lun: required(3, int32),
  portals: optional(7, list(string)),
  readOnly: optional(6, boolean),
  secretRef: optional(10, SecretReference),
  targetPortal: required(1, string),
});
export interface ISCSIPersistentVolumeSource extends Infer<typeof ISCSIPersistentVolumeSource> {}

export const NFSVolumeSource = message("NFSVolumeSource", {
  path: required(2, string),
  readOnly: optional(3, boolean),
  server: required(1, string),
});
export interface NFSVolumeSource extends Infer<typeof NFSVolumeSource> {}

export const PhotonPersistentDiskVolumeSource = message("PhotonPersistentDiskVolumeSource", {
  fsType: optional(2, string),
  pdID: required(1, string),
});
export interface PhotonPersistentDiskVolumeSource
  extends Infer<typeof PhotonPersistentDiskVolumeSource> {}

export const PortworxVolumeSource = message("PortworxVolumeSource", {
  fsType: optional(2, string),
  readOnly: optional(3, boolean),
  volumeID: required(1, string),
});
export interface PortworxVolumeSource extends Infer<typeof PortworxVolumeSource> {}

export const QuobyteVolumeSource = message("QuobyteVolumeSource", {
  group: optional(5, string),
  readOnly: optional(3, boolean),
  registry: required(1, string),
  tenant: optional(6, string),
  user: optional(4, string),
  volume: required(2, string),
});
export interface QuobyteVolumeSource extends Infer<typeof QuobyteVolumeSource> {}

export const RBDPersistentVolumeSource = message("RBDPersistentVolumeSource", {
  fsType: optional(3, string),
  image: required(2, string),
  keyring: optional(6, string),
  monitors: required(1, list(string)),
  pool: optional(4, string),
  readOnly: optional(8, boolean),
  secretRef: optional(7, SecretReference),
  user: optional(5, string),
});
export interface RBDPersistentVolumeSource extends Infer<typeof RBDPersistentVolumeSource> {}

export const ScaleIOPersistentVolumeSource = message("ScaleIOPersistentVolumeSource", {
  fsType: optional(9, string),
  gateway: required(1, string),
  protectionDomain: optional(5, string),
  readOnly: optional(10, boolean),
  secretRef: required(3, SecretReference),
  sslEnabled: optional(4, boolean),
  storageMode: optional(7, string),
  storagePool: optional(6, string),
  system: required(2, string),
  volumeName: optional(8, string),
});
export interface ScaleIOPersistentVolumeSource
  extends Infer<typeof ScaleIOPersistentVolumeSource> {}

export const StorageOSPersistentVolumeSource = message("StorageOSPersistentVolumeSource", {
  fsType: optional(3, string),
  readOnly: optional(4, boolean),
  secretRef: optional(5, ObjectReference),
  volumeName: optional(1, string),
  volumeNamespace: optional(2, string),
});
export interface StorageOSPersistentVolumeSource
  extends Infer<typeof StorageOSPersistentVolumeSource> {}

export const VsphereVirtualDiskVolumeSource = message("VsphereVirtualDiskVolumeSource", {
  fsType: optional(2, string),
  storagePolicyID: optional(4, string),
  storagePolicyName: optional(3, string),
  volumePath: required(1, string),
});
export interface VsphereVirtualDiskVolumeSource
  extends Infer<typeof VsphereVirtualDiskVolumeSource> {}

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

export const AzureFileVolumeSource = message("AzureFileVolumeSource", {
  readOnly: optional(3, boolean),
  secretName: required(1, string),
  shareName: required(2, string),
});
export interface AzureFileVolumeSource extends Infer<typeof AzureFileVolumeSource> {}

export const CephFSVolumeSource = message("CephFSVolumeSource", {
  monitors: required(1, list(string)),
  path: optional(2, string),
  readOnly: optional(6, boolean),
  secretFile: optional(4, string),
  secretRef: optional(5, LocalObjectReference),
  user: optional(3, string),
});
export interface CephFSVolumeSource extends Infer<typeof CephFSVolumeSource> {}

export const CinderVolumeSource = message("CinderVolumeSource", {
  fsType: optional(2, string),
  readOnly: optional(3, boolean),
  secretRef: optional(4, LocalObjectReference),
  volumeID: required(1, string),
});
export interface CinderVolumeSource extends Infer<typeof CinderVolumeSource> {}

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

export const CSIVolumeSource = message("CSIVolumeSource", {
  driver: required(1, string),
  fsType: optional(3, string),
  nodePublishSecretRef: optional(5, LocalObjectReference),
  readOnly: optional(2, boolean),
  volumeAttributes: optional(4, map(string)),
});
export interface CSIVolumeSource extends Infer<typeof CSIVolumeSource> {}

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

export const FlexVolumeSource = message("FlexVolumeSource", {
  driver: required(1, string),
  fsType: optional(2, string),
  options: optional(5, map(string)),
  readOnly: optional(4, boolean),
  secretRef: optional(3, LocalObjectReference),
});
export interface FlexVolumeSource extends Infer<typeof FlexVolumeSource> {}

export const GitRepoVolumeSource = message("GitRepoVolumeSource", {
  directory: optional(3, string),
  repository: required(1, string),
  revision: optional(2, string),
});
export interface GitRepoVolumeSource extends Infer<typeof GitRepoVolumeSource> {}

export const GlusterfsVolumeSource = message("GlusterfsVolumeSource", {
  endpoints: required(1, string),
  path: required(2, string),
  readOnly: optional(3, boolean),
});
export interface GlusterfsVolumeSource extends Infer<typeof GlusterfsVolumeSource> {}

export const ISCSIVolumeSource = message("ISCSIVolumeSource", {
  chapAuthDiscovery: optional(8, boolean),
  chapAuthSession: optional(11, boolean),
  fsType: optional(5, string),
  initiatorName: optional(12, string),
  iqn: required(2, string),
  iscsiInterface: optional(4, string),
  lun: required(3, int32),
  portals: optional(7, list(string)),
  readOnly: optional(6, boolean),
  secretRef: optional(10, LocalObjectReference),
  targetPortal: required(1, string),
});
export interface ISCSIVolumeSource extends Infer<typeof ISCSIVolumeSource> {}

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

export const RBDVolumeSource = message("RBDVolumeSource", {
  fsType: optional(3, string),
  image: required(2, string),
  keyring: optional(6, string),
  monitors: required(1, list(string)),
  pool: optional(4, string),
  readOnly: optional(8, boolean),
  secretRef: optional(7, LocalObjectReference),
  user: optional(5, string),
});
export interface RBDVolumeSource extends Infer<typeof RBDVolumeSource> {}

export const ScaleIOVolumeSource = message("ScaleIOVolumeSource", {
  fsType: optional(9, string),
  gateway: required(1, string),
  protectionDomain: optional(5, string),
  readOnly: optional(10, boolean),
  secretRef: required(3, LocalObjectReference),
  sslEnabled: optional(4, boolean),
  storageMode: optional(7, string),
  storagePool: optional(6, string),
  system: required(2, string),
  volumeName: optional(8, string),
});
export interface ScaleIOVolumeSource extends Infer<typeof ScaleIOVolumeSource> {}

export const SecretVolumeSource = message("SecretVolumeSource", {
  defaultMode: defaulted(3, int32, 0o644),
  items: optional(2, list(KeyToPath)),
  optional: optional(4, boolean),
  secretName: optional(1, string),
});
export interface SecretVolumeSource extends Infer<typeof SecretVolumeSource> {}

export const StorageOSVolumeSource = message("StorageOSVolumeSource", {
  fsType: optional(3, string),
  readOnly: optional(4, boolean),
  secretRef: optional(5, LocalObjectReference),
  volumeName: optional(1, string),
  volumeNamespace: optional(2, string),
});
export interface StorageOSVolumeSource extends Infer<typeof StorageOSVolumeSource> {}

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
