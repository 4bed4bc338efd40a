import type { KubeObject } from "../types/meta.ts";
import type { Page } from "../registry/list_page.ts";
import type { AnyKind } from "../registry/kind.ts";
import type { Flow } from "./exchange.ts";
import { listBody } from "./list_body.ts";
import type { Format } from "./negotiate.ts";
import { partialListOf, PartialObjectMetadata, partialOf } from "./partial.ts";
import { protobufList, protobufPartialList } from "./protobuf_list.ts";
import { type IncludeObject, TableMaker } from "./table.ts";
import { JSON_WIRE, PROTOBUF_WIRE, type Wire } from "./wire.ts";

/** An object to show; `bytes` is its JSON, where it is stored. */
export interface Shown {
  readonly object: Readonly<KubeObject>;
  readonly bytes?: Uint8Array | undefined;
}

/** How objects of one kind look in one format. */
export interface Rendering {
  /** Equal renderings have equal text. */
  readonly text: string;
  readonly wire: Wire;
  one(shown: Shown): Uint8Array;
  list(page: Page): { length: number; body: Uint8Array | Flow };
  /** An object that has nothing but metadata, as bookmarks have. */
  bare(object: Readonly<KubeObject>): Uint8Array;
}

const encoder = new TextEncoder();
const encode = (value: unknown) => encoder.encode(JSON.stringify(value));

export function renderingOf(
  kind: AnyKind,
  format: Format,
  include: IncludeObject,
  now: () => string,
): Rendering {
  switch (format) {
    case "table":
      return tableRendering(kind, include, now);
    case "partial":
      return PARTIAL;
    case "protobuf":
      return protobufRendering(kind);
    case "protobuf partial":
      return PROTOBUF_PARTIAL;
    default:
      return jsonRendering(kind);
  }
}

function jsonRendering({ resource }: AnyKind): Rendering {
  return {
    text: "json",
    wire: JSON_WIRE,
    one: ({ object, bytes }) => bytes ?? encode(object),
    list: (page) => listBody(resource, page),
    bare: encode,
  };
}

function protobufRendering({ resource, schema }: AnyKind): Rendering {
  const one = (object: Readonly<KubeObject>) => PROTOBUF_WIRE.object(schema, object);
  return {
    text: "protobuf",
    wire: PROTOBUF_WIRE,
    one: ({ object }) => one(object),
    list: (page) => whole(protobufList(resource, schema, page)),
    bare: one,
  };
}

const PARTIAL: Rendering = {
  text: "partial",
  wire: JSON_WIRE,
  one: ({ object }) => encode(partialOf(object)),
  list: (page) => whole(encode(partialListOf(page))),
  bare: (object) => encode(partialOf(object)),
};

const protobufPartial = (object: Readonly<KubeObject>) =>
  PROTOBUF_WIRE.object(PartialObjectMetadata, partialOf(object));

const PROTOBUF_PARTIAL: Rendering = {
  text: "protobuf partial",
  wire: PROTOBUF_WIRE,
  one: ({ object }) => protobufPartial(object),
  list: (page) => whole(protobufPartialList(page)),
  bare: protobufPartial,
};

function tableRendering(kind: AnyKind, include: IncludeObject, now: () => string): Rendering {
  const maker = new TableMaker(kind, include, now);
  return {
    text: `table ${include}`,
    wire: JSON_WIRE,
    one: ({ object }) => encoder.encode(maker.ofOne(object)),
    list: (page) => whole(encoder.encode(maker.ofList(page))),
    bare: ({ metadata }) => encode({ ...EMPTY_TABLE, metadata }),
  };
}

const EMPTY_TABLE = {
  kind: "Table",
  apiVersion: "meta.k8s.io/v1",
  columnDefinitions: null,
  rows: [],
};

const whole = (body: Uint8Array) => ({ length: body.length, body });
