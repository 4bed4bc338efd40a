import {
  always,
  type Infer,
  list,
  map,
  messagesOf,
  optional,
  quantity,
  required,
  string,
} from "../schema.ts";
import { ObjectMeta, TYPE_META } from "../meta.ts";

const message = messagesOf("io.k8s.api.core.v1");

export const LimitRangeItem = message("LimitRangeItem", {
  default: optional(4, map(quantity)),
  defaultRequest: optional(5, map(quantity)),
  max: optional(2, map(quantity)),
  maxLimitRequestRatio: optional(6, map(quantity)),
  min: optional(3, map(quantity)),
  type: required(1, string),
});
export interface LimitRangeItem extends Infer<typeof LimitRangeItem> {}

export const LimitRangeSpec = message("LimitRangeSpec", {
  limits: required(1, list(LimitRangeItem)),
});
export interface LimitRangeSpec extends Infer<typeof LimitRangeSpec> {}

export const LimitRange = message("LimitRange", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, LimitRangeSpec),
}, { description: "What a single pod, container or claim of a namespace may use, and gets." });
export interface LimitRange extends Infer<typeof LimitRange> {}

export const ScopedResourceSelectorRequirement = message("ScopedResourceSelectorRequirement", {
  operator: required(2, string),
  scopeName: required(1, string),
  values: optional(3, list(string)),
});
export interface ScopedResourceSelectorRequirement
  extends Infer<typeof ScopedResourceSelectorRequirement> {}

export const ScopeSelector = message("ScopeSelector", {
  matchExpressions: optional(1, list(ScopedResourceSelectorRequirement)),
}, { isAtomic: true });
export interface ScopeSelector extends Infer<typeof ScopeSelector> {}

export const ResourceQuotaSpec = message("ResourceQuotaSpec", {
  hard: optional(1, map(quantity)),
  scopeSelector: optional(3, ScopeSelector),
  scopes: optional(2, list(string)),
});
export interface ResourceQuotaSpec extends Infer<typeof ResourceQuotaSpec> {}

export const ResourceQuotaStatus = message("ResourceQuotaStatus", {
  hard: optional(1, map(quantity)),
  used: optional(2, map(quantity)),
});
export interface ResourceQuotaStatus extends Infer<typeof ResourceQuotaStatus> {}

export const ResourceQuota = message("ResourceQuota", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, ResourceQuotaSpec),
  status: optional(3, ResourceQuotaStatus),
}, { description: "What the objects of a namespace may use together." });
export interface ResourceQuota extends Infer<typeof ResourceQuota> {}
