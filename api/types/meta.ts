import {
  always,
  any,
  boolean,
  type Infer,
  int64,
  list,
  map,
  messagesOf,
  oneOf,
  optional,
  required,
  string,
  time,
} from "./schema.ts";

const message = messagesOf("io.k8s.apimachinery.pkg.apis.meta.v1");

/** What every object says of itself. Protobuf keeps both fields in the envelope around the object. */
export const TYPE_META = { apiVersion: required(0, string), kind: required(0, string) };

export const OwnerReference = message("OwnerReference", {
  apiVersion: required(5, string),
  blockOwnerDeletion: optional(7, boolean),
  controller: optional(6, boolean),
  kind: required(1, string),
  name: required(3, string),
  uid: required(4, string),
}, { isAtomic: true });
export interface OwnerReference extends Infer<typeof OwnerReference> {}

export const ManagedFieldsEntry = message("ManagedFieldsEntry", {
  apiVersion: optional(3, string),
  fieldsType: optional(6, string),
  fieldsV1: optional(7, any),
  manager: optional(1, string),
  operation: optional(2, string),
  subresource: optional(8, string),
  time: optional(4, time),
});
export interface ManagedFieldsEntry extends Infer<typeof ManagedFieldsEntry> {}

export const ObjectMeta = message("ObjectMeta", {
  annotations: optional(12, map(string)),
  creationTimestamp: optional(8, time),
  deletionGracePeriodSeconds: optional(10, int64),
  deletionTimestamp: optional(
    9,
    time,
    "When the object will be gone; set by the server on a graceful deletion.",
  ),
  finalizers: optional(
    14,
    list(string, { isSet: true }),
    "Who must act before a deleted object goes.",
  ),
  generateName: optional(
    2,
    string,
    "Prefix of a name that the server completes with five characters.",
  ),
  generation: optional(7, int64, "Grows with every change of spec."),
  labels: optional(11, map(string)),
  managedFields: optional(17, list(ManagedFieldsEntry)),
  name: always(1, string),
  namespace: optional(3, string),
  ownerReferences: optional(13, list(OwnerReference, { mergeKey: "uid" })),
  resourceVersion: optional(
    6,
    string,
    "Revision of the store at the last write; decimal, comparable as an integer.",
  ),
  selfLink: optional(4, string),
  uid: optional(5, string),
});
export interface ObjectMeta extends Infer<typeof ObjectMeta> {}

export const ListMeta = message("ListMeta", {
  continue: optional(3, string),
  remainingItemCount: optional(4, int64),
  resourceVersion: optional(2, string),
  selfLink: optional(1, string),
});
export interface ListMeta extends Infer<typeof ListMeta> {}

export const LabelSelectorRequirement = message("LabelSelectorRequirement", {
  key: required(1, string),
  operator: required(2, oneOf("In", "NotIn", "Exists", "DoesNotExist")),
  values: optional(3, list(string)),
});
export interface LabelSelectorRequirement extends Infer<typeof LabelSelectorRequirement> {}

export const LabelSelector = message("LabelSelector", {
  matchExpressions: optional(2, list(LabelSelectorRequirement)),
  matchLabels: optional(1, map(string)),
}, { isAtomic: true });
export interface LabelSelector extends Infer<typeof LabelSelector> {}

export const Condition = message("Condition", {
  lastTransitionTime: required(4, time),
  message: required(6, string),
  observedGeneration: optional(3, int64),
  reason: required(5, string),
  status: required(2, string),
  type: required(1, string),
});
export interface Condition extends Infer<typeof Condition> {}

export const Preconditions = message("Preconditions", {
  resourceVersion: optional(2, string),
  uid: optional(1, string),
});
export interface Preconditions extends Infer<typeof Preconditions> {}

export const DeleteOptions = message("DeleteOptions", {
  dryRun: optional(5, list(string)),
  gracePeriodSeconds: optional(1, int64),
  orphanDependents: optional(3, boolean),
  preconditions: optional(2, Preconditions),
  propagationPolicy: optional(4, string),
});
export interface DeleteOptions extends Infer<typeof DeleteOptions> {}

/** Any object that the API stores. */
export interface KubeObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}
