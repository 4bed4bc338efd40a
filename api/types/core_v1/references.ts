import { type Infer, messagesOf, optional, required, string } from "../schema.ts";

const message = messagesOf("io.k8s.api.core.v1");

export const ObjectReference = message("ObjectReference", {
  apiVersion: optional(5, string),
  fieldPath: optional(7, string),
  kind: optional(1, string),
  name: optional(3, string),
  namespace: optional(2, string),
  resourceVersion: optional(6, string),
  uid: optional(4, string),
}, { isAtomic: true });
export interface ObjectReference extends Infer<typeof ObjectReference> {}

export const SecretReference = message("SecretReference", {
  name: optional(1, string),
  namespace: optional(2, string),
}, { isAtomic: true });
export interface SecretReference extends Infer<typeof SecretReference> {}

export const LocalVolumeSource = message("LocalVolumeSource", {
  fsType: optional(2, string),
  path: required(1, string),
});
export interface LocalVolumeSource extends Infer<typeof LocalVolumeSource> {}

export const TypedLocalObjectReference = message("TypedLocalObjectReference", {
  apiGroup: optional(1, string),
  kind: required(2, string),
  name: required(3, string),
}, { isAtomic: true });
export interface TypedLocalObjectReference extends Infer<typeof TypedLocalObjectReference> {}

export const TypedObjectReference = message("TypedObjectReference", {
  apiGroup: optional(1, string),
  kind: required(2, string),
  name: required(3, string),
  namespace: optional(4, string),
});
export interface TypedObjectReference extends Infer<typeof TypedObjectReference> {}

export const LocalObjectReference = message("LocalObjectReference", {
  name: optional(1, string),
}, { isAtomic: true });
export interface LocalObjectReference extends Infer<typeof LocalObjectReference> {}
