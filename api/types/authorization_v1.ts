import { ObjectMeta, TYPE_META } from "./meta.ts";
import type { Resource } from "./resources.ts";
import {
  always,
  boolean,
  type Infer,
  list,
  map,
  messagesOf,
  optional,
  required,
  string,
} from "./schema.ts";

const message = messagesOf("io.k8s.api.authorization.v1");

export const ResourceAttributes = message("ResourceAttributes", {
  group: optional(3, string, "API group; * means all."),
  name: optional(7, string, "Name of the object; empty means all."),
  namespace: optional(1, string, "Empty for cluster-scoped resources, and for all namespaces."),
  resource: optional(5, string, "Plural name; * means all."),
  subresource: optional(6, string),
  verb: optional(2, string, "get, list, watch, create, update, patch, delete, …; * means all."),
  version: optional(4, string),
});
export interface ResourceAttributes extends Infer<typeof ResourceAttributes> {}

export const NonResourceAttributes = message("NonResourceAttributes", {
  path: optional(1, string),
  verb: optional(2, string, "HTTP method in lower case."),
});
export interface NonResourceAttributes extends Infer<typeof NonResourceAttributes> {}

export const SubjectAccessReviewStatus = message("SubjectAccessReviewStatus", {
  allowed: required(1, boolean),
  denied: optional(4, boolean),
  evaluationError: optional(3, string),
  reason: optional(2, string),
});
export interface SubjectAccessReviewStatus extends Infer<typeof SubjectAccessReviewStatus> {}

export const SubjectAccessReviewSpec = message("SubjectAccessReviewSpec", {
  extra: optional(5, map(list(string))),
  groups: optional(4, list(string)),
  nonResourceAttributes: optional(2, NonResourceAttributes),
  resourceAttributes: optional(1, ResourceAttributes),
  uid: optional(6, string),
  user: optional(3, string),
});
export interface SubjectAccessReviewSpec extends Infer<typeof SubjectAccessReviewSpec> {}

/** May somebody do something? */
export const SubjectAccessReview = message("SubjectAccessReview", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, SubjectAccessReviewSpec),
  status: optional(3, SubjectAccessReviewStatus),
});
export interface SubjectAccessReview extends Infer<typeof SubjectAccessReview> {}

/** The same in one namespace: who manages a namespace may be allowed to ask. */
export const LocalSubjectAccessReview = message("LocalSubjectAccessReview", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, SubjectAccessReviewSpec),
  status: optional(3, SubjectAccessReviewStatus),
});
export interface LocalSubjectAccessReview extends Infer<typeof LocalSubjectAccessReview> {}

export const SelfSubjectAccessReviewSpec = message("SelfSubjectAccessReviewSpec", {
  nonResourceAttributes: optional(2, NonResourceAttributes),
  resourceAttributes: optional(1, ResourceAttributes),
});
export interface SelfSubjectAccessReviewSpec extends Infer<typeof SelfSubjectAccessReviewSpec> {}

/** May the caller do something? */
export const SelfSubjectAccessReview = message("SelfSubjectAccessReview", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, SelfSubjectAccessReviewSpec),
  status: optional(3, SubjectAccessReviewStatus),
});
export interface SelfSubjectAccessReview extends Infer<typeof SelfSubjectAccessReview> {}

export const ResourceRule = message("ResourceRule", {
  apiGroups: optional(2, list(string)),
  resourceNames: optional(4, list(string)),
  resources: optional(3, list(string)),
  verbs: required(1, list(string)),
});
export interface ResourceRule extends Infer<typeof ResourceRule> {}

export const NonResourceRule = message("NonResourceRule", {
  nonResourceURLs: optional(2, list(string)),
  verbs: required(1, list(string)),
});
export interface NonResourceRule extends Infer<typeof NonResourceRule> {}

export const SubjectRulesReviewStatus = message("SubjectRulesReviewStatus", {
  evaluationError: optional(4, string),
  incomplete: required(3, boolean),
  nonResourceRules: required(2, list(NonResourceRule)),
  resourceRules: required(1, list(ResourceRule)),
});
export interface SubjectRulesReviewStatus extends Infer<typeof SubjectRulesReviewStatus> {}

export const SelfSubjectRulesReviewSpec = message("SelfSubjectRulesReviewSpec", {
  namespace: optional(1, string),
});
export interface SelfSubjectRulesReviewSpec extends Infer<typeof SelfSubjectRulesReviewSpec> {}

/** What may the caller do in a namespace? */
export const SelfSubjectRulesReview = message("SelfSubjectRulesReview", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, SelfSubjectRulesReviewSpec),
  status: optional(3, SubjectRulesReviewStatus),
});
export interface SelfSubjectRulesReview extends Infer<typeof SelfSubjectRulesReview> {}

const review = { apiVersion: "authorization.k8s.io/v1", isNamespaced: false } as const;

export const SUBJECT_ACCESS_REVIEWS: Resource<SubjectAccessReview> = {
  ...review,
  kind: "SubjectAccessReview",
  resource: "subjectaccessreviews",
};
export const LOCAL_SUBJECT_ACCESS_REVIEWS: Resource<LocalSubjectAccessReview> = {
  ...review,
  kind: "LocalSubjectAccessReview",
  resource: "localsubjectaccessreviews",
  isNamespaced: true,
};
export const SELF_SUBJECT_ACCESS_REVIEWS: Resource<SelfSubjectAccessReview> = {
  ...review,
  kind: "SelfSubjectAccessReview",
  resource: "selfsubjectaccessreviews",
};
export const SELF_SUBJECT_RULES_REVIEWS: Resource<SelfSubjectRulesReview> = {
  ...review,
  kind: "SelfSubjectRulesReview",
  resource: "selfsubjectrulesreviews",
};
