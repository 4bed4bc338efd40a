/** Short forms for writing rules down. */
import type { PolicyRule } from "../types/rbac_v1.ts";

export const READ = ["get", "list", "watch"] as const;
export const WRITE = ["create", "delete", "deletecollection", "patch", "update"] as const;

/** @param resources separated by spaces */
export function rule(
  apiGroup: string,
  resources: string,
  verbs: readonly string[],
  resourceNames?: readonly string[],
): PolicyRule {
  return {
    apiGroups: [apiGroup],
    resources: resources.split(" "),
    verbs: [...verbs],
    ...(resourceNames !== undefined && { resourceNames: [...resourceNames] }),
  };
}

export function paths(...nonResourceURLs: string[]): PolicyRule {
  return { nonResourceURLs, verbs: ["get"] };
}

export const EVENTS: readonly PolicyRule[] = [
  rule("", "events", ["create", "patch", "update"]),
  rule("events.k8s.io", "events", ["create", "patch", "update"]),
];
