import {
  always,
  bytes,
  defaulted,
  type Infer,
  inlined,
  int32,
  list,
  messagesOf,
  oneOf,
  optional,
  required,
  string,
} from "./schema.ts";
import { LabelSelector, ObjectMeta, TYPE_META } from "./meta.ts";
import type { Resource } from "./resources.ts";

const message = messagesOf("io.k8s.api.admissionregistration.v1");

export const MatchCondition = message("MatchCondition", {
  expression: required(2, string),
  name: required(1, string),
});
export interface MatchCondition extends Infer<typeof MatchCondition> {}

export const RuleWithOperations = message("RuleWithOperations", {
  ...inlined(2, {
    apiGroups: optional(1, list(string)),
    apiVersions: optional(2, list(string)),
    resources: optional(3, list(string), "Such as pods, pods/status, */scale or *."),
    scope: defaulted(4, oneOf("*", "Cluster", "Namespaced"), "*"),
  }),
  operations: optional(1, list(oneOf("*", "CONNECT", "CREATE", "DELETE", "UPDATE"))),
});
export interface RuleWithOperations extends Infer<typeof RuleWithOperations> {}

export const ServiceReference = message("ServiceReference", {
  name: required(2, string),
  namespace: required(1, string),
  path: optional(3, string),
  port: defaulted(4, int32, 443),
});
export interface ServiceReference extends Infer<typeof ServiceReference> {}

export const WebhookClientConfig = message("WebhookClientConfig", {
  caBundle: optional(2, bytes),
  service: optional(1, ServiceReference),
  url: optional(3, string),
});
export interface WebhookClientConfig extends Infer<typeof WebhookClientConfig> {}

export const MutatingWebhook = message("MutatingWebhook", {
  admissionReviewVersions: required(8, list(string)),
  clientConfig: required(2, WebhookClientConfig),
  failurePolicy: defaulted(4, oneOf("Fail", "Ignore"), "Fail"),
  matchConditions: optional(12, list(MatchCondition, { mergeKey: "name", mapKeys: ["name"] })),
  matchPolicy: defaulted(9, oneOf("Equivalent", "Exact"), "Equivalent"),
  name: required(1, string),
  namespaceSelector: optional(5, LabelSelector),
  objectSelector: optional(11, LabelSelector),
  reinvocationPolicy: defaulted(
    10,
    oneOf("IfNeeded", "Never"),
    "Never",
    "Whether the webhook is asked again when a later one has changed the object.",
  ),
  rules: optional(3, list(RuleWithOperations)),
  sideEffects: required(
    6,
    oneOf("None", "NoneOnDryRun"),
    "Whether being asked changes anything elsewhere.",
  ),
  timeoutSeconds: defaulted(7, int32, 10, "Between 1 and 30."),
});
export interface MutatingWebhook extends Infer<typeof MutatingWebhook> {}

export const MutatingWebhookConfiguration = message("MutatingWebhookConfiguration", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  webhooks: optional(2, list(MutatingWebhook, { mergeKey: "name" })),
}, { description: "Servers that are asked before objects are written, and may change them." });
export interface MutatingWebhookConfiguration extends Infer<typeof MutatingWebhookConfiguration> {}

export const ValidatingWebhook = message("ValidatingWebhook", {
  admissionReviewVersions: required(8, list(string)),
  clientConfig: required(2, WebhookClientConfig),
  failurePolicy: defaulted(4, oneOf("Fail", "Ignore"), "Fail"),
  matchConditions: optional(11, list(MatchCondition, { mergeKey: "name", mapKeys: ["name"] })),
  matchPolicy: defaulted(9, oneOf("Equivalent", "Exact"), "Equivalent"),
  name: required(1, string),
  namespaceSelector: optional(5, LabelSelector),
  objectSelector: optional(10, LabelSelector),
  rules: optional(3, list(RuleWithOperations)),
  sideEffects: required(
    6,
    oneOf("None", "NoneOnDryRun"),
    "Whether being asked changes anything elsewhere.",
  ),
  timeoutSeconds: defaulted(7, int32, 10, "Between 1 and 30."),
});
export interface ValidatingWebhook extends Infer<typeof ValidatingWebhook> {}

export const ValidatingWebhookConfiguration = message("ValidatingWebhookConfiguration", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  webhooks: optional(2, list(ValidatingWebhook, { mergeKey: "name" })),
}, { description: "Servers that are asked before objects are written, and may refuse them." });
export interface ValidatingWebhookConfiguration
  extends Infer<typeof ValidatingWebhookConfiguration> {}

export const MUTATING_WEBHOOK_CONFIGURATIONS: Resource<MutatingWebhookConfiguration> = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "MutatingWebhookConfiguration",
  resource: "mutatingwebhookconfigurations",
  isNamespaced: false,
};

export const VALIDATING_WEBHOOK_CONFIGURATIONS: Resource<ValidatingWebhookConfiguration> = {
  apiVersion: "admissionregistration.k8s.io/v1",
  kind: "ValidatingWebhookConfiguration",
  resource: "validatingwebhookconfigurations",
  isNamespaced: false,
};
