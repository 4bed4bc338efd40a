import type { KubeObject } from "../types/meta.ts";
import type { Resource } from "../types/resources.ts";
import type { Key } from "../../store/ledger.ts";

/** `v1` has the group "", `coordination.k8s.io/v1` the group before the slash. */
export function groupOf(apiVersion: string): string {
  const slash = apiVersion.indexOf("/");
  return slash < 0 ? "" : apiVersion.slice(0, slash);
}

/** How messages and details name a resource of a group: `pods`, `leases.coordination.k8s.io`. */
export function qualifiedName({ apiVersion, resource }: Resource<KubeObject>): string {
  const group = groupOf(apiVersion);
  return group === "" ? resource : `${resource}.${group}`;
}

/** Key of one object; `namespace` is "" for cluster-scoped kinds. */
export function keyOf(resource: Resource<KubeObject>, namespace: string, name: string): Key {
  return `${prefixOf(resource)}${resource.isNamespaced ? namespace : ""}/${name}`;
}

/** Prefix of every key of the resource, or of those in one namespace. */
export function prefixOf({ apiVersion, resource }: Resource<KubeObject>, namespace?: string): Key {
  const group = groupOf(apiVersion);
  const all = group === "" ? `${resource}/` : `${group}/${resource}/`;
  return namespace === undefined ? all : `${all}${namespace}/`;
}

export function listKindOf({ kind, listKind = `${kind}List` }: Resource<KubeObject>): string {
  return listKind;
}
