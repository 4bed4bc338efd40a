import {
  always,
  defaulted,
  type Infer,
  int32,
  int64,
  list,
  map,
  messagesOf,
  oneOf,
  optional,
  required,
  string,
  time,
} from "../schema.ts";
import { ObjectMeta, TYPE_META } from "../meta.ts";
import { PodSpec } from "./pods.ts";

const message = messagesOf("io.k8s.api.core.v1");

export const PodTemplateSpec = message("PodTemplateSpec", {
  metadata: always(1, ObjectMeta),
  spec: always(2, PodSpec),
});
export interface PodTemplateSpec extends Infer<typeof PodTemplateSpec> {}

export const PodTemplate = message("PodTemplate", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  template: always(2, PodTemplateSpec),
}, { description: "A template for pods, stored under a name." });
export interface PodTemplate extends Infer<typeof PodTemplate> {}

export const ReplicationControllerSpec = message("ReplicationControllerSpec", {
  minReadySeconds: optional(4, int32),
  replicas: defaulted(1, int32, 1, "Pods wanted."),
  selector: optional(2, map(string, { isAtomic: true })),
  template: required(3, PodTemplateSpec),
});
export interface ReplicationControllerSpec extends Infer<typeof ReplicationControllerSpec> {}

export const ReplicationControllerCondition = message("ReplicationControllerCondition", {
  lastTransitionTime: optional(3, time),
  message: optional(5, string),
  reason: optional(4, string),
  status: required(2, oneOf("True", "False", "Unknown")),
  type: required(1, string),
});
export interface ReplicationControllerCondition
  extends Infer<typeof ReplicationControllerCondition> {}

export const ReplicationControllerStatus = message("ReplicationControllerStatus", {
  availableReplicas: optional(5, int32),
  conditions: optional(6, list(ReplicationControllerCondition, { mergeKey: "type" })),
  fullyLabeledReplicas: optional(2, int32),
  observedGeneration: optional(3, int64),
  readyReplicas: optional(4, int32),
  replicas: required(1, int32),
});
export interface ReplicationControllerStatus extends Infer<typeof ReplicationControllerStatus> {}

export const ReplicationController = message("ReplicationController", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, ReplicationControllerSpec),
  status: optional(3, ReplicationControllerStatus),
});
export interface ReplicationController extends Infer<typeof ReplicationController> {}
