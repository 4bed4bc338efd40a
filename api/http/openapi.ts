/**
 * OpenAPI documents, made from the list of kinds: what `kubectl explain`, `apply` and validation read. They
 * are large and do not change while the server runs: make them once and keep the text.
 */
import { createHash } from "node:crypto";
import type { AnyKind } from "../registry/kind.ts";
import { ListMeta, TYPE_META } from "../types/meta.ts";
import { listKindOf } from "../registry/keys.ts";
import { list, type MessageSchema, optional, required } from "../types/schema.ts";
import { Deletion, Patch, Status } from "./openapi_messages.ts";
import { type OpenApiOptions, pathsOf } from "./openapi_paths.ts";
import { definitionsOf, type OpenApiVersion, type RootMessage } from "./openapi_schemas.ts";
import { groupVersionKind, listName, openApiPath } from "./openapi_operations.ts";

export { type OpenApiOptions, openApiPath };

type Json = Record<string, unknown>;

/** The document at `/openapi/v3/api/v1`, or `/openapi/v3/apis/GROUP/VERSION`: the kinds of that version alone. */
export function openApiV3(
  group: string,
  version: string,
  kinds: readonly AnyKind[],
  options: OpenApiOptions = {},
): Json {
  const apiVersion = group === "" ? version : `${group}/${version}`;
  const served = kinds.filter(({ resource }) => resource.apiVersion === apiVersion);
  return {
    openapi: "3.0.0",
    info: infoOf(options),
    paths: pathsOf(served, 3, options),
    components: { schemas: schemasOf(served, 3) },
  };
}

/**
 * The document at `/openapi/v3`. `documents` are the texts served under each path, such as `api/v1`; the
 * hash in the address lets clients keep a document until it changes.
 */
export function openApiV3Index(documents: ReadonlyMap<string, string>): Json {
  const paths = [...documents].map(([path, text]) => {
    const hash = createHash("sha256").update(text).digest("hex").toUpperCase();
    return [path, { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` }];
  });
  return { paths: Object.fromEntries(paths) };
}

/** The document at `/openapi/v2`: all kinds. */
export function openApiV2(kinds: readonly AnyKind[], options: OpenApiOptions = {}): Json {
  return {
    swagger: "2.0",
    info: infoOf(options),
    paths: pathsOf(kinds, 2, options),
    definitions: schemasOf(kinds, 2),
  };
}

/** Every document as the text to send. `v3` is keyed by the path behind `/openapi/v3/`. */
export interface OpenApiTexts {
  readonly v2: string;
  readonly v3Index: string;
  readonly v3: ReadonlyMap<string, string>;
}

export function openApiTexts(
  kinds: readonly AnyKind[],
  options: OpenApiOptions = {},
): OpenApiTexts {
  const apiVersions = [...new Set(kinds.map(({ resource }) => resource.apiVersion))];
  const v3 = new Map(apiVersions.map((apiVersion) => {
    const [version = "", group = ""] = apiVersion.split("/").toReversed();
    return [openApiPath(apiVersion), JSON.stringify(openApiV3(group, version, kinds, options))];
  }));
  return {
    v2: JSON.stringify(openApiV2(kinds, options)),
    v3Index: JSON.stringify(openApiV3Index(v3)),
    v3,
  };
}

function infoOf({ serverVersion = "unversioned" }: OpenApiOptions): Json {
  return { title: "Wherry", version: serverVersion };
}

function schemasOf(kinds: readonly AnyKind[], version: OpenApiVersion): Record<string, Json> {
  const core = (kind: string) => [{ group: "", kind, version: "v1" }];
  return definitionsOf([
    ...kinds.flatMap(rootsOf),
    { message: Status, kinds: core("Status") },
    { message: Deletion, kinds: core("DeleteOptions") },
    { message: Patch, kinds: [] },
  ], version);
}

function rootsOf(kind: AnyKind): RootMessage[] {
  const gvk = groupVersionKind(kind.resource);
  const inner = Object.values(kind.subresources ?? {}).flatMap((subresource): RootMessage[] => {
    if (subresource.does === "connect") return [];
    return [{ message: subresource.schema, kinds: [groupVersionKind(subresource.resource)] }];
  });
  return [
    ...inner.filter(({ message }) => message.name !== kind.schema.name),
    { message: kind.schema, kinds: [gvk] },
    { message: listOf(kind), kinds: [{ ...gvk, kind: listKindOf(kind.resource) }] },
  ];
}

function listOf(kind: AnyKind): MessageSchema {
  return {
    is: "message",
    name: listName(kind),
    isAtomic: false,
    fields: {
      ...TYPE_META,
      items: required(2, list(kind.schema)),
      metadata: optional(1, ListMeta),
    },
  };
}
