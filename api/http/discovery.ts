import { createHash } from "node:crypto";
import { groupOf } from "../registry/keys.ts";
import type { AnyKind } from "../registry/kind.ts";
import { type ApiResource, resourcesOf } from "./discovery_resources.ts";

/** Discovery in its old form: one document for the groups, and one for each version of a group. */

/** `v1` of `apps/v1`. */
export function versionOf(apiVersion: string): string {
  return apiVersion.slice(apiVersion.indexOf("/") + 1);
}

/** Versions that are served, in the order of the kinds. */
export function apiVersionsOf(kinds: readonly AnyKind[]): string[] {
  return [...new Set(kinds.map(({ resource }) => resource.apiVersion))];
}

/** The document at `/api`. */
export function apiVersions(kinds: readonly AnyKind[]): unknown {
  const core = apiVersionsOf(kinds).filter((apiVersion) => groupOf(apiVersion) === "");
  return { kind: "APIVersions", versions: core, serverAddressByClientCIDRs: [] };
}

/** The document at `/apis`. @param others groups without kinds */
export function apiGroups(kinds: readonly AnyKind[], others: readonly unknown[] = []): unknown {
  const names = new Set(apiVersionsOf(kinds).map(groupOf).filter((group) => group !== ""));
  const groups = [...names].map((group) => groupDocument(kinds, group));
  return { kind: "APIGroupList", apiVersion: "v1", groups: [...groups, ...others] };
}

/** The document at `/apis/GROUP`. */
export function apiGroup(kinds: readonly AnyKind[], group: string): unknown {
  return { kind: "APIGroup", apiVersion: "v1", ...groupDocument(kinds, group) };
}

function groupDocument(kinds: readonly AnyKind[], group: string) {
  const versions = apiVersionsOf(kinds)
    .filter((apiVersion) => groupOf(apiVersion) === group)
    .map((apiVersion) => ({ groupVersion: apiVersion, version: versionOf(apiVersion) }));
  return { name: group, versions, preferredVersion: versions[0] };
}

/** The document at `/api/v1` or `/apis/GROUP/VERSION`; clients read the order of its keys. */
export function apiResources(kinds: readonly AnyKind[], apiVersion: string): unknown {
  const resources = kinds.filter(({ resource }) => resource.apiVersion === apiVersion)
    .flatMap(resourcesOf)
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((resource) => ({ ...resource, ...hashOf(apiVersion, resource) }));
  return {
    kind: "APIResourceList",
    ...(groupOf(apiVersion) !== "" && { apiVersion: "v1" }),
    groupVersion: apiVersion,
    resources,
  };
}

/** Names the form that objects are stored in. Source: k8s.io/apiserver, StorageVersionHash. */
function hashOf(apiVersion: string, { kind, name }: ApiResource) {
  if (name.includes("/") || name === "bindings") return {};
  const path = [groupOf(apiVersion), versionOf(apiVersion), kind].join("/");
  const hash = createHash("sha256").update(path).digest().subarray(0, 8).toString("base64");
  return { storageVersionHash: hash };
}
