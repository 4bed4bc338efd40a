import { CUSTOM_RESOURCE_DEFINITIONS } from "../api/types/apiextensions_v1.ts";
import type { Pod } from "../api/types/core_v1.ts";
import { isJsonObject } from "../api/types/json.ts";
import type { KubeObject, OwnerReference } from "../api/types/meta.ts";
import type { Resource } from "../api/types/resources.ts";
import type { Cache } from "../client/cache.ts";
import type { Reading } from "./controller.ts";
import { customResourceOf } from "./custom_resource.ts";

/** A custom kind that can be scaled, as its definition says. */
export interface ScaledKind {
  readonly resource: Resource<KubeObject>;
  /** Where the wanted size stands: `.spec.replicas`. */
  readonly replicasPath: string;
}

/** @returns undefined where no definition serves a scale of the owner's kind */
export function scaledKindOf(
  { apiVersion, kind }: Pick<OwnerReference, "apiVersion" | "kind">,
  cache: Cache,
): ScaledKind | undefined {
  const slash = apiVersion.indexOf("/");
  if (slash < 0) return undefined;
  const group = apiVersion.slice(0, slash);
  const definition = cache.list(CUSTOM_RESOURCE_DEFINITIONS).find(({ spec }) =>
    spec.group === group && spec.names.kind === kind
  );
  const custom = customResourceOf(definition);
  if (definition === undefined || custom === undefined) return undefined;
  const version = definition.spec.versions.find(({ name, served, subresources }) =>
    served && subresources?.scale !== undefined &&
    (`${group}/${name}` === apiVersion || !custom.versions.includes(apiVersion))
  );
  const replicasPath = version?.subresources?.scale?.specReplicasPath;
  if (version === undefined || replicasPath === undefined) return undefined;
  return { resource: { ...custom.resource, apiVersion: `${group}/${version.name}` }, replicasPath };
}

/** The lists that hold the custom owners of the pods: nearly always none. */
export function customOwnersOf(pods: readonly Readonly<Pod>[], cache: Cache): Reading[] {
  const readings = new Map<string, Reading>();
  for (const { metadata: { namespace = "", ownerReferences = [] } } of pods) {
    const owner = ownerReferences.find(({ controller }) => controller === true);
    const type = owner && `${owner.apiVersion}/${owner.kind}`;
    if (owner === undefined || type === undefined || readings.has(type)) continue;
    const scaled = scaledKindOf(owner, cache);
    if (scaled !== undefined) {
      readings.set(type, { resource: scaled.resource, options: { namespace } });
    }
  }
  return [...readings.values()];
}

/** The size that `object` asks for; 0 where it says none, as its `scale` does. */
export function replicasAt(object: KubeObject, path: string): number {
  let value: unknown = object;
  for (const name of path.split(".").filter((part) => part !== "")) {
    value = isJsonObject(value) ? value[name] : undefined;
  }
  return typeof value === "number" ? value : 0;
}
