import { groupOf } from "../registry/keys.ts";
import type { AnyKind, Subresource } from "../registry/kind.ts";
import type { KubeObject } from "../types/meta.ts";

/** One row of discovery, with its keys in the order in which Kubernetes writes them. */
export interface ApiResource {
  readonly name: string;
  readonly singularName: string;
  readonly namespaced: boolean;
  readonly group?: string;
  readonly version?: string;
  readonly kind: string;
  readonly verbs: readonly string[];
  readonly shortNames?: readonly string[];
  readonly categories?: readonly string[];
}

/** In alphabetical order. */
const VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

export function verbsOf({ withoutVerbs = [] }: AnyKind): string[] {
  return VERBS.filter((verb) => !withoutVerbs.includes(verb));
}

/** `finalize` is replaced and nothing else; other views are read, replaced and patched. */
export function subresourceVerbs(name: string, subresource: Subresource<KubeObject>): string[] {
  if (subresource.does === "action" || subresource.does === "answer") return ["create"];
  if (subresource.does === "connect") return [...subresource.verbs].sort();
  return name === "finalize" ? ["update"] : ["get", "patch", "update"];
}

/** The kind and its subresources, and the collections that actions take. */
export function resourcesOf(kind: AnyKind): ApiResource[] {
  const { resource, singular, shortNames = [], categories = [], subresources = {} } = kind;
  const { resource: name, isNamespaced: namespaced } = resource;
  const main: ApiResource = {
    name,
    singularName: singular,
    namespaced,
    kind: resource.kind,
    verbs: verbsOf(kind),
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
  };
  const below = Object.entries(subresources).flatMap(([sub, subresource]) => {
    const row: ApiResource = {
      name: `${name}/${sub}`,
      singularName: "",
      namespaced,
      ...groupUnlessSame(kind, subresource),
      kind: subresource.resource.kind,
      verbs: subresourceVerbs(sub, subresource),
    };
    if (subresource.does !== "action" || subresource.collection === undefined) return [row];
    return [row, { ...row, name: subresource.collection }];
  });
  return [main, ...below];
}

function groupUnlessSame({ resource }: AnyKind, { resource: other }: Subresource<KubeObject>) {
  if (other.apiVersion === resource.apiVersion) return {};
  const { apiVersion } = other;
  const version = apiVersion.slice(apiVersion.indexOf("/") + 1);
  return { group: groupOf(apiVersion), version };
}
