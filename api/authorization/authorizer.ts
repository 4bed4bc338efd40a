import { StatusError } from "../types/status.ts";
import { ALL_UNAUTHENTICATED, MASTERS, type User } from "../authentication/user.ts";
import type { Attributes } from "./attributes.ts";
import type { Rule } from "./rules.ts";

/** Why something is allowed. The text is made when somebody reads it. */
export interface Permission {
  readonly reason: string;
}

/** Rules that hold for a user. `errors` are roles that could not be found. */
export interface RulesFound {
  readonly rules: readonly Rule[];
  readonly errors: readonly string[];
}

/** Who may do what. It answers from memory: each request asks. */
export interface Authorizer {
  /** @returns undefined where this authorizer has nothing to allow */
  permission(user: User, attributes: Attributes): Permission | undefined;
  /** What there is to say about a refusal; "" where nothing. */
  whyNot(user: User, attributes: Attributes): string;
  /** Everything that `user` may do in the namespace; "" for what is in none. */
  rulesOf(user: User, namespace: string): RulesFound;
}

const FOR_MASTERS: Permission = { reason: "" };
const EVERYTHING: readonly Rule[] = [
  { verbs: ["*"], apiGroups: ["*"], resources: ["*"] },
  { verbs: ["*"], nonResourceURLs: ["*"] },
];

/** Masters may do everything; others what the first of the parts allows. */
export class AuthorizerChain implements Authorizer {
  readonly #parts: readonly Authorizer[];
  constructor(parts: readonly Authorizer[]) {
    this.#parts = parts;
  }

  permission(user: User, attributes: Attributes): Permission | undefined {
    if (user.groups.includes(MASTERS)) return FOR_MASTERS;
    for (const part of this.#parts) {
      const permission = part.permission(user, attributes);
      if (permission !== undefined) return permission;
    }
    return undefined;
  }

  whyNot(user: User, attributes: Attributes): string {
    return this.#parts.map((part) => part.whyNot(user, attributes)).filter((why) => why !== "")
      .join(", ");
  }

  rulesOf(user: User, namespace: string): RulesFound {
    const found = this.#parts.map((part) => part.rulesOf(user, namespace));
    const rules = found.flatMap(({ rules }) => rules);
    return {
      rules: user.groups.includes(MASTERS) ? [...EVERYTHING, ...rules] : rules,
      errors: found.flatMap(({ errors }) => errors),
    };
  }
}

/** @throws {StatusError} Forbidden, or Unauthorized where the call did not say who it is from */
export function rejectForbidden(authorizer: Authorizer, user: User, attributes: Attributes): void {
  if (authorizer.permission(user, attributes) !== undefined) return;
  throw refusalOf(user, attributes, authorizer);
}

/** In Kubernetes's words. Source: k8s.io/apiserver, responsewriters.Forbidden. */
function refusalOf(
  user: User,
  attributes: Attributes,
  authorizer: Authorizer,
): StatusError {
  if (user.groups.includes(ALL_UNAUTHENTICATED)) {
    return new StatusError("Unauthorized", "Unauthorized");
  }
  const { resource } = attributes;
  const more = authorizer.whyNot(user, attributes);
  const why = cannot(user, attributes) + (more === "" ? "" : `: ${more}`);
  if (resource === undefined) return new StatusError("Forbidden", `forbidden: ${why}`);
  const { group, name } = resource;
  const what = resource.resource + (group && `.${group}`) + (name && ` "${name}"`);
  const details = {
    ...(name !== "" && { name }),
    ...(group !== "" && { group }),
    kind: resource.resource,
  };
  return new StatusError("Forbidden", `${what} is forbidden: ${why}`, [], details);
}

function cannot(user: User, { verb, path, resource }: Attributes): string {
  const who = `User ${JSON.stringify(user.name)}`;
  if (resource === undefined) return `${who} cannot ${verb} path "${path}"`;
  const { group, namespace, subresource } = resource;
  const full = resource.resource + (subresource && `/${subresource}`);
  const where = namespace === "" ? "at the cluster scope" : `in the namespace "${namespace}"`;
  return `${who} cannot ${verb} resource "${full}" in API group "${group}" ${where}`;
}
