import {
  always,
  boolean,
  defaulted,
  type Infer,
  int32,
  messagesOf,
  oneOf,
  optional,
  required,
  string,
} from "./schema.ts";
import { ObjectMeta, TYPE_META } from "./meta.ts";
import type { Resource } from "./resources.ts";

const message = messagesOf("io.k8s.api.scheduling.v1");

export const PriorityClass = message("PriorityClass", {
  ...TYPE_META,
  description: optional(4, string),
  globalDefault: optional(3, boolean, "True: for pods that name no class."),
  metadata: always(1, ObjectMeta),
  preemptionPolicy: defaulted(
    5,
    oneOf("Never", "PreemptLowerPriority"),
    "PreemptLowerPriority",
    "Whether pods of the class may drive out others.",
  ),
  value: required(2, int32, "Pods with a higher number go first."),
}, { description: "A number that says which pods go first, under a name." });
export interface PriorityClass extends Infer<typeof PriorityClass> {}

export const PRIORITY_CLASSES: Resource<PriorityClass> = {
  apiVersion: "scheduling.k8s.io/v1",
  kind: "PriorityClass",
  resource: "priorityclasses",
  isNamespaced: false,
};
