import {
  always,
  boolean,
  defaulted,
  type Infer,
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
  time,
} from "./schema.ts";
import { LabelSelector, ObjectMeta, TYPE_META } from "./meta.ts";
import { PersistentVolumeSpec, TopologySelectorTerm } from "./core_v1.ts";
import type { Resource } from "./resources.ts";

const message = messagesOf("io.k8s.api.storage.v1");

export const TokenRequest = message("TokenRequest", {
  audience: required(1, string),
  expirationSeconds: optional(2, int64),
});
export interface TokenRequest extends Infer<typeof TokenRequest> {}

export const CSIDriverSpec = message("CSIDriverSpec", {
  attachRequired: defaulted(1, boolean, true),
  fsGroupPolicy: defaulted(
    5,
    oneOf("File", "None", "ReadWriteOnceWithFSType"),
    "ReadWriteOnceWithFSType",
  ),
  podInfoOnMount: defaulted(2, boolean, false),
  requiresRepublish: defaulted(7, boolean, false),
  seLinuxMount: defaulted(8, boolean, false),
  storageCapacity: defaulted(4, boolean, false),
  tokenRequests: optional(6, list(TokenRequest)),
  volumeLifecycleModes: optional(3, list(oneOf("Ephemeral", "Persistent"))),
});
export interface CSIDriverSpec extends Infer<typeof CSIDriverSpec> {}

export const CSIDriver = message("CSIDriver", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, CSIDriverSpec),
}, { description: "What a storage driver can do and needs." });
export interface CSIDriver extends Infer<typeof CSIDriver> {}

export const VolumeNodeResources = message("VolumeNodeResources", {
  count: optional(1, int32),
});
export interface VolumeNodeResources extends Infer<typeof VolumeNodeResources> {}

export const CSINodeDriver = message("CSINodeDriver", {
  allocatable: optional(4, VolumeNodeResources),
  name: required(1, string),
  nodeID: required(2, string),
  topologyKeys: optional(3, list(string)),
});
export interface CSINodeDriver extends Infer<typeof CSINodeDriver> {}

export const CSINodeSpec = message("CSINodeSpec", {
  drivers: always(1, list(CSINodeDriver, { mergeKey: "name" })),
});
export interface CSINodeSpec extends Infer<typeof CSINodeSpec> {}

export const CSINode = message("CSINode", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, CSINodeSpec),
}, { description: "The storage drivers on a node." });
export interface CSINode extends Infer<typeof CSINode> {}

export const CSIStorageCapacity = message("CSIStorageCapacity", {
  ...TYPE_META,
  capacity: optional(4, quantity),
  maximumVolumeSize: optional(5, quantity),
  metadata: always(1, ObjectMeta),
  nodeTopology: optional(2, LabelSelector),
  storageClassName: required(3, string),
}, { description: "How much of a storage class is free in one place." });
export interface CSIStorageCapacity extends Infer<typeof CSIStorageCapacity> {}

export const StorageClass = message("StorageClass", {
  ...TYPE_META,
  allowVolumeExpansion: optional(6, boolean),
  allowedTopologies: optional(8, list(TopologySelectorTerm)),
  metadata: always(1, ObjectMeta),
  mountOptions: optional(5, list(string)),
  parameters: optional(3, map(string), "For the provisioner; they never change."),
  provisioner: required(2, string, "Who makes the volumes."),
  reclaimPolicy: defaulted(
    4,
    oneOf("Delete", "Retain"),
    "Delete",
    "What happens to a volume whose claim is deleted.",
  ),
  volumeBindingMode: defaulted(
    7,
    oneOf("Immediate", "WaitForFirstConsumer"),
    "Immediate",
    "Whether a claim waits for a pod before it gets a volume.",
  ),
}, { description: "How volumes are made for the claims that name the class." });
export interface StorageClass extends Infer<typeof StorageClass> {}

export const VolumeAttachmentSource = message("VolumeAttachmentSource", {
  inlineVolumeSpec: optional(2, PersistentVolumeSpec),
  persistentVolumeName: optional(1, string),
});
export interface VolumeAttachmentSource extends Infer<typeof VolumeAttachmentSource> {}

export const VolumeAttachmentSpec = message("VolumeAttachmentSpec", {
  attacher: required(1, string),
  nodeName: required(3, string),
  source: required(2, VolumeAttachmentSource),
});
export interface VolumeAttachmentSpec extends Infer<typeof VolumeAttachmentSpec> {}

export const VolumeError = message("VolumeError", {
  message: optional(2, string),
  time: optional(1, time),
});
export interface VolumeError extends Infer<typeof VolumeError> {}

export const VolumeAttachmentStatus = message("VolumeAttachmentStatus", {
  attachError: optional(3, VolumeError),
  attached: required(1, boolean),
  attachmentMetadata: optional(2, map(string)),
  detachError: optional(4, VolumeError),
});
export interface VolumeAttachmentStatus extends Infer<typeof VolumeAttachmentStatus> {}

export const VolumeAttachment = message("VolumeAttachment", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, VolumeAttachmentSpec),
  status: optional(3, VolumeAttachmentStatus),
}, { description: "That a volume should be attached to a node, or is." });
export interface VolumeAttachment extends Infer<typeof VolumeAttachment> {}

export const CSI_DRIVERS: Resource<CSIDriver> = {
  apiVersion: "storage.k8s.io/v1",
  kind: "CSIDriver",
  resource: "csidrivers",
  isNamespaced: false,
};

export const CSI_NODES: Resource<CSINode> = {
  apiVersion: "storage.k8s.io/v1",
  kind: "CSINode",
  resource: "csinodes",
  isNamespaced: false,
};

export const CSI_STORAGE_CAPACITIES: Resource<CSIStorageCapacity> = {
  apiVersion: "storage.k8s.io/v1",
  kind: "CSIStorageCapacity",
  resource: "csistoragecapacities",
  isNamespaced: true,
};

export const STORAGE_CLASSES: Resource<StorageClass> = {
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  resource: "storageclasses",
  isNamespaced: false,
};

export const VOLUME_ATTACHMENTS: Resource<VolumeAttachment> = {
  apiVersion: "storage.k8s.io/v1",
  kind: "VolumeAttachment",
  resource: "volumeattachments",
  isNamespaced: false,
};
