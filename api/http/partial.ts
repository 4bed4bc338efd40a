import { type KubeObject, type ListMeta, ObjectMeta, TYPE_META } from "../types/meta.ts";
import { always, messagesOf } from "../types/schema.ts";
import type { Page } from "../registry/list_page.ts";

const message = messagesOf("io.k8s.apimachinery.pkg.apis.meta.v1");

export const PartialObjectMetadata = message("PartialObjectMetadata", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
});

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
