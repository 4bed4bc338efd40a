import type { CustomResourceDefinition } from "../api/types/apiextensions_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import type { Resource } from "../api/types/resources.ts";

/** A kind that a definition declares, as long as the API serves it. */
export interface CustomResource {
  /** In one of its versions. */
  readonly resource: Resource<KubeObject>;
  /** Every `group/version` that it is served in. */
  readonly versions: readonly string[];
}

/** @returns undefined where there is no definition, or one that is not served (yet, or any more) */
export function customResourceOf(
  definition: Readonly<CustomResourceDefinition> | undefined,
): CustomResource | undefined {
  const { spec, status } = definition ?? {};
  const isEstablished = status?.conditions?.some(({ type, status }) =>
    type === "Established" && status === "True"
  );
  if (spec === undefined || !isEstablished) return undefined;
  const { group, names: { kind, plural }, scope } = spec;
  const versions = spec.versions.filter(({ served }) => served).map(({ name }) =>
    `${group}/${name}`
  );
  const [apiVersion] = versions;
  if (apiVersion === undefined) return undefined;
  const resource = { apiVersion, kind, resource: plural, isNamespaced: scope === "Namespaced" };
  return { resource, versions };
}
