import type { SelfSubjectReview, TokenReview, UserInfo } from "../types/authentication_v1.ts";
import type {
  SelfSubjectRulesReview,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
  SubjectAccessReviewStatus,
  SubjectRulesReviewStatus,
} from "../types/authorization_v1.ts";
import { applyDefaults } from "../types/defaults.ts";
import { invalid, invalidStatus, required } from "../types/field_errors.ts";
import type { KubeObject } from "../types/meta.ts";
import { type FieldError, StatusError } from "../types/status.ts";
import type { Attributes } from "../authorization/attributes.ts";
import type { Authorizer } from "../authorization/authorizer.ts";
import type { Rule } from "../authorization/rules.ts";
import type { User } from "../authentication/user.ts";
import { decodeObject } from "../registry/decode_object.ts";
import { secondsOf } from "../registry/times.ts";
import type { Call, Reply } from "./exchange.ts";
import { writeOptionsOf } from "./query.ts";
import { readObject } from "./read_body.ts";
import { objectReply, withWarnings } from "./replies.ts";
import type { Target } from "./resources.ts";
import { wireFor } from "./wire.ts";

/** Whose a token is, and for whom it was made. @throws {StatusError} Unauthorized */
export type TokenReader = (
  token: string,
  audiences: readonly string[],
) => { readonly user: User; readonly audiences: readonly string[] };

export interface ReviewParts {
  readonly authorizer: Authorizer;
  readonly readToken: TokenReader;
  readonly now: () => number;
}

type Asked = KubeObject & { spec?: unknown };

/** Answers questions about who somebody is and what they may do. */
export class Reviews {
  readonly #parts: ReviewParts;
  constructor(parts: ReviewParts) {
    this.#parts = parts;
  }

  async answer(call: Call, { served, namespace = "" }: Target): Promise<Reply> {
    const { resource, schema } = served.kind;
    const { fieldValidation } = writeOptionsOf(call.query);
    const { json, doubles } = await readObject(call, served.kind);
    const decoded = decodeObject(resource, schema, json, { fieldValidation, doubles });
    const asked: Asked = applyDefaults(schema, decoded.object);
    const status = this.#status(asked, call.user!, namespace);
    const reply = objectReply(wireFor(call.header("accept")), schema, { ...asked, ...status }, 201);
    return withWarnings(reply, decoded.warnings);
  }

  #status(asked: Asked, user: User, namespace: string): object {
    switch (asked.kind) {
      case "SelfSubjectReview":
        return this.#whoAmI(asked as SelfSubjectReview, user);
      case "TokenReview":
        return { status: this.#token(asked as TokenReview) };
      case "SelfSubjectRulesReview":
        return { status: this.#rules(asked as SelfSubjectRulesReview, user) };
      case "SelfSubjectAccessReview":
        return { status: this.#access(asked as SubjectAccessReview, user) };
      case "LocalSubjectAccessReview":
        rejectOtherNamespace(asked as SubjectAccessReview, namespace);
        break;
    }
    const review = asked as SubjectAccessReview;
    return { status: this.#access(review, subjectOf(review)) };
  }

  #whoAmI({ metadata }: SelfSubjectReview, user: User): object {
    const creationTimestamp = secondsOf(this.#parts.now());
    return {
      metadata: { ...metadata, creationTimestamp },
      status: { userInfo: userInfo(user) },
    };
  }

  #token({ spec: { token = "", audiences = [] } }: TokenReview): TokenReview["status"] {
    if (token === "") {
      throw new StatusError("BadRequest", "token is required for TokenReview in authentication");
    }
    try {
      const read = this.#parts.readToken(token, audiences);
      return {
        authenticated: true,
        user: userInfo(read.user),
        ...(read.audiences.length > 0 && { audiences: [...read.audiences] }),
      };
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return { user: {}, error: "invalid bearer token" };
    }
  }

  #access({ kind, spec }: SubjectAccessReview, user: User): SubjectAccessReviewStatus {
    rejectUnclear(kind, spec);
    const attributes = attributesOf(spec);
    const { authorizer } = this.#parts;
    const permission = authorizer.permission(user, attributes);
    if (permission !== undefined) {
      const { reason } = permission;
      return { allowed: true, ...(reason !== "" && { reason }) };
    }
    const reason = authorizer.whyNot(user, attributes);
    return { allowed: false, ...(reason !== "" && { reason }) };
  }

  #rules(
    { spec: { namespace = "" } }: SelfSubjectRulesReview,
    user: User,
  ): SubjectRulesReviewStatus {
    if (namespace === "") throw new StatusError("BadRequest", "no namespace on request");
    const { rules, errors } = this.#parts.authorizer.rulesOf(user, namespace);
    const isOfPaths = ({ nonResourceURLs = [] }: Rule) => nonResourceURLs.length > 0;
    return {
      incomplete: errors.length > 0,
      ...(errors.length > 0 && { evaluationError: errors.join(", ") }),
      nonResourceRules: rules.filter(isOfPaths).map(({ verbs = [], nonResourceURLs = [] }) => ({
        verbs: [...verbs],
        nonResourceURLs: [...nonResourceURLs],
      })),
      resourceRules: rules.filter((rule) => !isOfPaths(rule)).map(
        ({ verbs = [], apiGroups = [], resources = [], resourceNames = [] }) => ({
          verbs: [...verbs],
          apiGroups: [...apiGroups],
          resources: [...resources],
          ...(resourceNames.length > 0 && { resourceNames: [...resourceNames] }),
        }),
      ),
    };
  }
}

function userInfo({ name, uid, groups, extra }: User): UserInfo {
  return {
    username: name,
    ...(uid !== undefined && uid !== "" && { uid }),
    ...(groups.length > 0 && { groups: [...groups] }),
    ...(extra !== undefined && {
      extra: Object.fromEntries(Object.entries(extra).map(([key, values]) => [key, [...values]])),
    }),
  };
}

function subjectOf({ spec: { user = "", groups = [], uid, extra } }: SubjectAccessReview): User {
  return {
    name: user,
    groups,
    ...(uid !== undefined && { uid }),
    ...(extra !== undefined && { extra }),
  };
}

function attributesOf(
  { resourceAttributes, nonResourceAttributes }: SubjectAccessReviewSpec,
): Attributes {
  if (resourceAttributes === undefined) {
    const { path = "", verb = "" } = nonResourceAttributes ?? {};
    return { verb, path };
  }
  const { group = "", resource = "", subresource = "", namespace = "", name = "", verb = "" } =
    resourceAttributes;
  return { verb, path: "", resource: { group, resource, subresource, namespace, name } };
}

/** Source: Kubernetes, pkg/apis/authorization/validation. */
function rejectUnclear(kind: string, spec: SubjectAccessReviewSpec): void {
  const { resourceAttributes, nonResourceAttributes, user = "", groups = [] } = spec;
  const errors: FieldError[] = [];
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined) {
    const why = "cannot be specified in combination with resourceAttributes";
    errors.push(invalid("spec.nonResourceAttributes", nonResourceAttributes, why));
  }
  if (resourceAttributes === undefined && nonResourceAttributes === undefined) {
    const why = "exactly one of nonResourceAttributes or resourceAttributes must be specified";
    errors.push(invalid("spec.resourceAttributes", resourceAttributes, why));
  }
  if (kind !== "SelfSubjectAccessReview" && user === "" && groups.length === 0) {
    errors.push(invalid("spec.user", user, "at least one of user or group must be specified"));
  }
  if (errors.length > 0) {
    throw invalidStatus({ apiVersion: "authorization.k8s.io/v1", kind }, "", errors);
  }
}

function rejectOtherNamespace({ kind, spec }: SubjectAccessReview, namespace: string): void {
  const { resourceAttributes, nonResourceAttributes } = spec;
  const errors: FieldError[] = [];
  if (nonResourceAttributes !== undefined) {
    const why = "disallowed on this kind of request";
    errors.push(invalid("spec.nonResourceAttributes", nonResourceAttributes, why));
  }
  const { namespace: asked = "" } = resourceAttributes ?? {};
  if (resourceAttributes === undefined) errors.push(required("spec.resourceAttributes"));
  else if (asked !== namespace) {
    const why = `must match metadata.namespace: ${namespace}`;
    errors.push(invalid("spec.resourceAttributes.namespace", asked, why));
  }
  if (errors.length > 0) {
    throw invalidStatus({ apiVersion: "authorization.k8s.io/v1", kind }, "", errors);
  }
}
