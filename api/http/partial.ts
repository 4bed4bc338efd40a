import type { KubeObject, ListMeta } from "../types/meta.ts";
import type { Page } from "../registry/list_page.ts";

const META = { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1" };

/** An object without what is special to its kind. */
export function partialOf({ metadata }: Readonly<KubeObject>): KubeObject {
  return { ...META, metadata };
}

export function listMetaOf({ revision, continue: token, remaining }: Page): ListMeta {
  return {
    resourceVersion: String(revision),
    ...(token !== "" && { continue: token }),
    ...(remaining !== undefined && { remainingItemCount: remaining }),
  };
}

export function partialListOf(page: Page): unknown {
  return {
    kind: "PartialObjectMetadataList",
    apiVersion: META.apiVersion,
    metadata: listMetaOf(page),
    items: page.items.map(({ object }) => ({ metadata: object.metadata })),
  };
}
