import {
  always,
  type Infer,
  list,
  messagesOf,
  oneOf,
  optional,
  required,
  string,
  time,
} from "../schema.ts";
import { ObjectMeta, TYPE_META } from "../meta.ts";

const message = messagesOf("io.k8s.api.core.v1");

export const NamespaceSpec = message("NamespaceSpec", {
  finalizers: optional(1, list(string)),
});
export interface NamespaceSpec extends Infer<typeof NamespaceSpec> {}

export const NamespaceCondition = message("NamespaceCondition", {
  lastTransitionTime: optional(4, time),
  message: optional(6, string),
  reason: optional(5, string),
  status: required(2, oneOf("True", "False", "Unknown")),
  type: required(1, string),
});
export interface NamespaceCondition extends Infer<typeof NamespaceCondition> {}

export const NamespaceStatus = message("NamespaceStatus", {
  conditions: optional(2, list(NamespaceCondition, { mergeKey: "type" })),
  phase: optional(1, oneOf("Active", "Terminating")),
});
export interface NamespaceStatus extends Infer<typeof NamespaceStatus> {}

export const Namespace = message("Namespace", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, NamespaceSpec),
  status: optional(3, NamespaceStatus),
});
export interface Namespace extends Infer<typeof Namespace> {}
