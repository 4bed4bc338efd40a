import { ObjectMeta, TYPE_META } from "./meta.ts";
import type { Resource } from "./resources.ts";
import {
  always,
  boolean,
  type Infer,
  int64,
  list,
  map,
  messagesOf,
  optional,
  required,
  string,
  time,
} from "./schema.ts";

const message = messagesOf("io.k8s.api.authentication.v1");

export const UserInfo = message("UserInfo", {
  extra: optional(4, map(list(string))),
  groups: optional(3, list(string)),
  uid: optional(2, string),
  username: optional(1, string),
});
export interface UserInfo extends Infer<typeof UserInfo> {}

export const SelfSubjectReviewStatus = message("SelfSubjectReviewStatus", {
  userInfo: optional(1, UserInfo),
});
export interface SelfSubjectReviewStatus extends Infer<typeof SelfSubjectReviewStatus> {}

/** Who is the caller? */
export const SelfSubjectReview = message("SelfSubjectReview", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  status: optional(2, SelfSubjectReviewStatus),
});
export interface SelfSubjectReview extends Infer<typeof SelfSubjectReview> {}

export const TokenReviewSpec = message("TokenReviewSpec", {
  audiences: optional(2, list(string)),
  token: optional(1, string),
});
export interface TokenReviewSpec extends Infer<typeof TokenReviewSpec> {}

export const TokenReviewStatus = message("TokenReviewStatus", {
  audiences: optional(4, list(string)),
  authenticated: optional(1, boolean),
  error: optional(3, string),
  user: optional(2, UserInfo),
});
export interface TokenReviewStatus extends Infer<typeof TokenReviewStatus> {}

/** Whose is a token? */
export const TokenReview = message("TokenReview", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, TokenReviewSpec),
  status: optional(3, TokenReviewStatus),
});
export interface TokenReview extends Infer<typeof TokenReview> {}

export const BoundObjectReference = message("BoundObjectReference", {
  apiVersion: optional(2, string),
  kind: optional(1, string, "Pod, Secret or Node."),
  name: optional(3, string),
  uid: optional(4, string),
});
export interface BoundObjectReference extends Infer<typeof BoundObjectReference> {}

export const TokenRequestSpec = message("TokenRequestSpec", {
  audiences: optional(1, list(string), "Who may be told the token; the API where empty."),
  boundObjectRef: optional(3, BoundObjectReference, "The token ends with this object."),
  expirationSeconds: optional(4, int64),
});
export interface TokenRequestSpec extends Infer<typeof TokenRequestSpec> {}

export const TokenRequestStatus = message("TokenRequestStatus", {
  expirationTimestamp: required(2, time),
  token: required(1, string),
});
export interface TokenRequestStatus extends Infer<typeof TokenRequestStatus> {}

/** Asks for a token of a service account. */
export const TokenRequest = message("TokenRequest", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, TokenRequestSpec),
  status: optional(3, TokenRequestStatus),
});
export interface TokenRequest extends Infer<typeof TokenRequest> {}

const apiVersion = "authentication.k8s.io/v1";

export const SELF_SUBJECT_REVIEWS: Resource<SelfSubjectReview> = {
  apiVersion,
  kind: "SelfSubjectReview",
  resource: "selfsubjectreviews",
  isNamespaced: false,
};
export const TOKEN_REVIEWS: Resource<TokenReview> = {
  apiVersion,
  kind: "TokenReview",
  resource: "tokenreviews",
  isNamespaced: false,
};
/** Served under a service account, as its subresource `token`. */
export const TOKEN_REQUESTS: Resource<TokenRequest> = {
  apiVersion,
  kind: "TokenRequest",
  resource: "token",
  isNamespaced: true,
};
