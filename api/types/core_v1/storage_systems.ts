/** Volumes that systems outside the cluster keep: named directly by a pod, and by persistent volumes. */
import {
  boolean,
  type Infer,
  int32,
  list,
  map,
  messagesOf,
  optional,
  required,
  string,
} from "../schema.ts";
import { LocalObjectReference, ObjectReference, SecretReference } from "./references.ts";

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

export const CSIVolumeSource = message("CSIVolumeSource", {
  driver: required(1, string),
  fsType: optional(3, string),
  nodePublishSecretRef: optional(5, LocalObjectReference),
  readOnly: optional(2, boolean),
  volumeAttributes: optional(4, map(string)),
});
export interface CSIVolumeSource extends Infer<typeof CSIVolumeSource> {}

export const FlexVolumeSource = message("FlexVolumeSource", {
  driver: required(1, string),
  fsType: optional(2, string),
  options: optional(5, map(string)),
  readOnly: optional(4, boolean),
  secretRef: optional(3, LocalObjectReference),
});
export interface FlexVolumeSource extends Infer<typeof FlexVolumeSource> {}

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

export const StorageOSVolumeSource = message("StorageOSVolumeSource", {
  fsType: optional(3, string),
  readOnly: optional(4, boolean),
  secretRef: optional(5, LocalObjectReference),
  volumeName: optional(1, string),
  volumeNamespace: optional(2, string),
});
export interface StorageOSVolumeSource extends Infer<typeof StorageOSVolumeSource> {}
