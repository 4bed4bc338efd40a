import {
  SELF_SUBJECT_REVIEWS,
  SelfSubjectReview,
  TOKEN_REVIEWS,
  TokenReview,
} from "../types/authentication_v1.ts";
import {
  LOCAL_SUBJECT_ACCESS_REVIEWS,
  LocalSubjectAccessReview,
  SELF_SUBJECT_ACCESS_REVIEWS,
  SELF_SUBJECT_RULES_REVIEWS,
  SelfSubjectAccessReview,
  SelfSubjectRulesReview,
  SUBJECT_ACCESS_REVIEWS,
  SubjectAccessReview,
} from "../types/authorization_v1.ts";
import type { KubeObject } from "../types/meta.ts";
import type { Resource } from "../types/resources.ts";
import type { MessageSchema, Schema } from "../types/schema.ts";
import type { AnyKind, ResourceKind } from "./kind.ts";

/** Questions: a create is answered with the object and its status, and nothing is stored. */

function review<T extends KubeObject>(
  resource: Resource<T>,
  schema: Schema<T> & MessageSchema,
): ResourceKind<T> {
  return {
    resource,
    schema,
    singular: resource.kind.toLowerCase(),
    isReview: true,
    isVolatile: true,
    withoutVerbs: ["delete", "deletecollection", "get", "list", "patch", "update", "watch"],
    hasStatus: false,
    validate: () => [],
    columns: [],
  };
}

/** In the order of discovery. */
export const REVIEWS: readonly AnyKind[] = [
  review(SELF_SUBJECT_REVIEWS, SelfSubjectReview),
  review(TOKEN_REVIEWS, TokenReview),
  review(LOCAL_SUBJECT_ACCESS_REVIEWS, LocalSubjectAccessReview),
  review(SELF_SUBJECT_ACCESS_REVIEWS, SelfSubjectAccessReview),
  review(SELF_SUBJECT_RULES_REVIEWS, SelfSubjectRulesReview),
  review(SUBJECT_ACCESS_REVIEWS, SubjectAccessReview),
];
