import { StatusError } from "../types/status.ts";
import type { User } from "./authenticate.ts";

/** What a call wants to do, in the words of Kubernetes's authorizers. */
export interface Attributes {
  /** get, list, watch, create, update, patch, delete, deletecollection; for paths the method in lower case. */
  readonly verb: string;
  readonly path: string;
  /** Absent for paths that are no resources, such as `/metrics`. */
  readonly resource?: {
    readonly group: string;
    readonly resource: string;
    readonly subresource: string;
    readonly namespace: string;
    readonly name: string;
  };
}

const ALL_POWERFUL = "system:masters";
const NODES = "system:nodes";
const NODE_PREFIX = "system:node:";

/** Paths that a probe may read without saying who it is. */
const PUBLIC: ReadonlySet<string> = new Set(["/healthz", "/livez", "/readyz", "/version"]);

/** Who may do what: administrators and nodes everything, everybody discovery and health, nobody else anything. */
export function isAllowed(user: User, { verb, path, resource }: Attributes): boolean {
  if (user.groups.includes(ALL_POWERFUL)) return true;
  if (user.groups.includes(NODES) && user.name.startsWith(NODE_PREFIX)) return true;
  if (resource !== undefined || (verb !== "get" && verb !== "head")) return false;
  return PUBLIC.has(path) || user.groups.includes("system:authenticated") && isDiscovery(path);
}

function isDiscovery(path: string): boolean {
  return ["/api", "/apis", "/openapi"].some((root) => path === root || path.startsWith(`${root}/`));
}

/** @throws {StatusError} Forbidden, or Unauthorized where the call did not say who it is from */
export function refusalOf(user: User, { verb, path, resource }: Attributes): StatusError {
  const who = `User ${JSON.stringify(user.name)}`;
  if (user.groups.includes("system:unauthenticated")) {
    return new StatusError("Unauthorized", "Unauthorized");
  }
  if (resource === undefined) {
    return new StatusError("Forbidden", `forbidden: ${who} cannot ${verb} path "${path}"`);
  }
  const { group, namespace, name } = resource;
  const full = resource.resource + (resource.subresource && `/${resource.subresource}`);
  const where = namespace === "" ? "at the cluster scope" : `in the namespace "${namespace}"`;
  const what = resource.resource + (group && `.${group}`) + (name && ` "${name}"`);
  const why = `${who} cannot ${verb} resource "${full}" in API group "${group}" ${where}`;
  const details = {
    ...(name !== "" && { name }),
    ...(group !== "" && { group }),
    kind: resource.resource,
  };
  return new StatusError("Forbidden", `${what} is forbidden: ${why}`, [], details);
}
