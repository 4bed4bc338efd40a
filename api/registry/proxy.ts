import type { KubeObject } from "../types/meta.ts";
import type { Resource } from "../types/resources.ts";
import type { ConnectSubresource } from "./kind.ts";

/** Requests that go on to what the object stands for; a verb for each method. */
export function proxyTo<T extends KubeObject>(
  { resource, isNamespaced }: Resource<T>,
  kind: string,
): ConnectSubresource {
  return {
    does: "connect",
    resource: { apiVersion: "v1", kind, resource, isNamespaced },
    verbs: ["create", "delete", "get", "patch", "update"],
  };
}
