import { type KubeObject, ListMeta } from "../types/meta.ts";
import { encodeProtobuf, sealList } from "../types/protobuf.ts";
import type { Resource } from "../types/resources.ts";
import type { MessageSchema } from "../types/schema.ts";
import type { Page } from "../registry/list_page.ts";
import { listMetaOf, PartialObjectMetadata, partialOf } from "./partial.ts";
import { protobufOf } from "./wire.ts";

const metadataOf = (page: Page) => encodeProtobuf(ListMeta, listMetaOf(page));

export function protobufList(
  { apiVersion, kind }: Resource<KubeObject>,
  schema: MessageSchema,
  page: Page,
): Uint8Array {
  const items = page.items.map(({ object }) => protobufOf(schema, object));
  return sealList({ apiVersion, kind: `${kind}List` }, metadataOf(page), items);
}

export function protobufPartialList(page: Page): Uint8Array {
  const items = page.items.map(({ object }) =>
    encodeProtobuf(PartialObjectMetadata, partialOf(object))
  );
  const type = { apiVersion: "meta.k8s.io/v1", kind: "PartialObjectMetadataList" };
  return sealList(type, metadataOf(page), items);
}
