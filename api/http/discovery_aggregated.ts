import { groupOf } from "../registry/keys.ts";
import type { AnyKind } from "../registry/kind.ts";
import type { KubeObject } from "../types/meta.ts";
import type { Resource } from "../types/resources.ts";
import { apiVersionsOf, versionOf } from "./discovery.ts";
import { subresourceVerbs, verbsOf } from "./discovery_resources.ts";
import { acceptedBy, isJson } from "./negotiate.ts";

/** Discovery in its new form: everything under `/api`, or under `/apis`, in one document. */

const GROUP = "apidiscovery.k8s.io";
const VERSIONS: readonly string[] = ["v2", "v2beta1"];

export interface Aggregation {
  readonly version: string;
  /** Clients compare every parameter of it. */
  readonly contentType: string;
}

/** @returns undefined where the client likes the old form better */
export function aggregationFor(accept: string | null): Aggregation | undefined {
  for (const accepted of acceptedBy(accept)) {
    if (!isJson(accepted)) continue;
    const { as, group, version } = accepted;
    if (as === "") return undefined;
    if (as !== "APIGroupDiscoveryList" || group !== GROUP || !VERSIONS.includes(version)) continue;
    const contentType = `application/json;g=${GROUP};v=${version};as=APIGroupDiscoveryList`;
    return { version, contentType };
  }
  return undefined;
}

/** @param isCore what `/api` says, or what `/apis` says. @param others groups without kinds */
export function groupDiscovery(
  kinds: readonly AnyKind[],
  isCore: boolean,
  version: string,
  others: readonly unknown[] = [],
): unknown {
  const apiVersions = apiVersionsOf(kinds).filter((one) => (groupOf(one) === "") === isCore);
  const groups = [...new Set(apiVersions.map(groupOf))];
  return {
    kind: "APIGroupDiscoveryList",
    apiVersion: `${GROUP}/${version}`,
    metadata: {},
    items: [
      ...groups.map((group) => ({
        metadata: { ...(group !== "" && { name: group }), creationTimestamp: null },
        versions: apiVersions.filter((one) => groupOf(one) === group)
          .map((apiVersion) => versionDiscovery(kinds, apiVersion)),
      })),
      ...others,
    ],
  };
}

function versionDiscovery(kinds: readonly AnyKind[], apiVersion: string): unknown {
  const served = kinds.filter(({ resource }) => resource.apiVersion === apiVersion)
    .toSorted((a, b) => (a.resource.resource < b.resource.resource ? -1 : 1));
  const collections = served.flatMap(({ subresources = {} }) =>
    Object.values(subresources).flatMap((subresource) =>
      subresource.does === "action" && subresource.collection !== undefined
        ? [{
          resource: subresource.collection,
          responseKind: kindOf(subresource.resource),
          scope: "Namespaced",
          singularResource: "",
          verbs: ["create"],
        }]
        : []
    )
  );
  const resources = [...collections, ...served.map(resourceDiscovery)];
  return { version: versionOf(apiVersion), resources, freshness: "Current" };
}

function resourceDiscovery(kind: AnyKind) {
  const { resource, singular, shortNames = [], categories = [], subresources = {} } = kind;
  const below = Object.entries(subresources).map(([name, subresource]) => ({
    subresource: name,
    responseKind: kindOf(subresource.resource),
    verbs: subresourceVerbs(name, subresource),
  }));
  return {
    resource: resource.resource,
    responseKind: kindOf(resource),
    scope: resource.isNamespaced ? "Namespaced" : "Cluster",
    singularResource: singular,
    verbs: verbsOf(kind),
    ...(shortNames.length > 0 && { shortNames }),
    ...(categories.length > 0 && { categories }),
    ...(below.length > 0 && { subresources: below }),
  };
}

function kindOf({ apiVersion, kind }: Resource<KubeObject>) {
  return { group: groupOf(apiVersion), version: versionOf(apiVersion), kind };
}
