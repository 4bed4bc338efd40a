import {
  type Infer,
  list,
  map,
  messagesOf,
  optional,
  quantity,
  required,
  string,
} from "../schema.ts";

const message = messagesOf("io.k8s.api.core.v1");

export const ResourceClaim = message("ResourceClaim", {
  name: required(1, string),
});
export interface ResourceClaim extends Infer<typeof ResourceClaim> {}

export const ResourceRequirements = message("ResourceRequirements", {
  claims: optional(3, list(ResourceClaim, { mapKeys: ["name"] })),
  limits: optional(1, map(quantity)),
  requests: optional(2, map(quantity)),
});
export interface ResourceRequirements extends Infer<typeof ResourceRequirements> {}

export const VolumeResourceRequirements = message("VolumeResourceRequirements", {
  limits: optional(1, map(quantity)),
  requests: optional(2, map(quantity)),
});
export interface VolumeResourceRequirements extends Infer<typeof VolumeResourceRequirements> {}
