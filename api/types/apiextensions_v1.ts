import {
  always,
  boolean,
  bytes,
  defaulted,
  type Infer,
  int32,
  list,
  messagesOf,
  oneOf,
  optional,
  required,
  string,
  time,
} from "./schema.ts";
import { ObjectMeta, TYPE_META } from "./meta.ts";
import { JSONSchemaProps } from "./apiextensions_schema.ts";
import type { Resource } from "./resources.ts";

const message = messagesOf("io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1");

export const CustomResourceColumnDefinition = message("CustomResourceColumnDefinition", {
  description: optional(4, string),
  format: optional(3, string),
  jsonPath: required(6, string, "Path of the value that the column shows."),
  name: required(1, string),
  priority: optional(5, int32, "Above 0: shown with -o wide only."),
  type: required(2, string),
});
export interface CustomResourceColumnDefinition
  extends Infer<typeof CustomResourceColumnDefinition> {}

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

export const WebhookConversion = message("WebhookConversion", {
  clientConfig: optional(2, WebhookClientConfig),
  conversionReviewVersions: required(3, list(string)),
});
export interface WebhookConversion extends Infer<typeof WebhookConversion> {}

export const CustomResourceConversion = message("CustomResourceConversion", {
  strategy: required(1, oneOf("None", "Webhook")),
  webhook: optional(2, WebhookConversion),
});
export interface CustomResourceConversion extends Infer<typeof CustomResourceConversion> {}

export const CustomResourceDefinitionNames = message("CustomResourceDefinitionNames", {
  categories: optional(6, list(string)),
  kind: required(4, string),
  listKind: optional(5, string),
  plural: required(1, string),
  shortNames: optional(3, list(string)),
  singular: optional(2, string),
});
export interface CustomResourceDefinitionNames
  extends Infer<typeof CustomResourceDefinitionNames> {}

export const CustomResourceSubresourceScale = message("CustomResourceSubresourceScale", {
  labelSelectorPath: optional(3, string),
  specReplicasPath: required(1, string),
  statusReplicasPath: required(2, string),
});
export interface CustomResourceSubresourceScale
  extends Infer<typeof CustomResourceSubresourceScale> {}

export const CustomResourceSubresourceStatus = message("CustomResourceSubresourceStatus", {});
export interface CustomResourceSubresourceStatus
  extends Infer<typeof CustomResourceSubresourceStatus> {}

export const CustomResourceSubresources = message("CustomResourceSubresources", {
  scale: optional(2, CustomResourceSubresourceScale),
  status: optional(1, CustomResourceSubresourceStatus),
});
export interface CustomResourceSubresources extends Infer<typeof CustomResourceSubresources> {}

export const CustomResourceValidation = message("CustomResourceValidation", {
  openAPIV3Schema: optional(1, JSONSchemaProps),
});
export interface CustomResourceValidation extends Infer<typeof CustomResourceValidation> {}

export const SelectableField = message("SelectableField", {
  jsonPath: required(
    1,
    string,
    "Path of a field that lists can be selected by, such as .spec.color.",
  ),
});
export interface SelectableField extends Infer<typeof SelectableField> {}

export const CustomResourceDefinitionVersion = message("CustomResourceDefinitionVersion", {
  additionalPrinterColumns: optional(6, list(CustomResourceColumnDefinition)),
  deprecated: optional(7, boolean),
  deprecationWarning: optional(8, string),
  name: required(1, string),
  schema: optional(4, CustomResourceValidation),
  selectableFields: optional(9, list(SelectableField)),
  served: required(2, boolean, "Whether the API answers in this version."),
  storage: required(3, boolean, "Exactly one version is the one that objects are stored in."),
  subresources: optional(5, CustomResourceSubresources),
});
export interface CustomResourceDefinitionVersion
  extends Infer<typeof CustomResourceDefinitionVersion> {}

export const CustomResourceDefinitionSpec = message("CustomResourceDefinitionSpec", {
  conversion: optional(9, CustomResourceConversion),
  group: required(1, string),
  names: required(3, CustomResourceDefinitionNames),
  preserveUnknownFields: optional(10, boolean, "Must be false."),
  scope: required(4, oneOf("Cluster", "Namespaced")),
  versions: required(7, list(CustomResourceDefinitionVersion)),
});
export interface CustomResourceDefinitionSpec extends Infer<typeof CustomResourceDefinitionSpec> {}

export const CustomResourceDefinitionCondition = message("CustomResourceDefinitionCondition", {
  lastTransitionTime: optional(3, time),
  message: optional(5, string),
  reason: optional(4, string),
  status: required(2, string),
  type: required(1, string),
});
export interface CustomResourceDefinitionCondition
  extends Infer<typeof CustomResourceDefinitionCondition> {}

export const CustomResourceDefinitionStatus = message("CustomResourceDefinitionStatus", {
  acceptedNames: optional(2, CustomResourceDefinitionNames),
  conditions: optional(1, list(CustomResourceDefinitionCondition, { mapKeys: ["type"] })),
  storedVersions: optional(3, list(string)),
});
export interface CustomResourceDefinitionStatus
  extends Infer<typeof CustomResourceDefinitionStatus> {}

export const CustomResourceDefinition = message("CustomResourceDefinition", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, CustomResourceDefinitionSpec),
  status: optional(3, CustomResourceDefinitionStatus),
});
export interface CustomResourceDefinition extends Infer<typeof CustomResourceDefinition> {}

export const CUSTOM_RESOURCE_DEFINITIONS: Resource<CustomResourceDefinition> = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  resource: "customresourcedefinitions",
  isNamespaced: false,
};
