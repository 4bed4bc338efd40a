import { always, type Infer, list, messagesOf, optional, required, string } from "../schema.ts";
import { ObjectMeta, TYPE_META } from "../meta.ts";

const message = messagesOf("io.k8s.api.core.v1");

export const ComponentCondition = message("ComponentCondition", {
  error: optional(4, string),
  message: optional(3, string),
  status: required(2, string),
  type: required(1, string),
});
export interface ComponentCondition extends Infer<typeof ComponentCondition> {}

export const ComponentStatus = message("ComponentStatus", {
  ...TYPE_META,
  conditions: optional(2, list(ComponentCondition, { mergeKey: "type" })),
  metadata: always(1, ObjectMeta),
}, { description: "How a component of the control plane is." });
export interface ComponentStatus extends Infer<typeof ComponentStatus> {}
