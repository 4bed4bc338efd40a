import type { KubeObject } from "../types/meta.ts";
import type { Page } from "../registry/list_page.ts";
import type { AnyKind } from "../registry/kind.ts";
import type { Flow } from "./exchange.ts";
import { listBody } from "./list_body.ts";
import type { Format } from "./negotiate.ts";
import { partialListOf, partialOf } from "./partial.ts";
import { type IncludeObject, TableMaker } from "./table.ts";

/** An object to show; `bytes` is its JSON, where it is stored. */
export interface Shown {
  readonly object: Readonly<KubeObject>;
  readonly bytes?: Uint8Array | undefined;
}

/** How objects of one kind look in one format. */
export interface Rendering {
  /** Equal renderings have equal text. */
  readonly text: string;
  one(shown: Shown): Uint8Array;
  list(page: Page): { length: number; body: Uint8Array | Flow };
}

const encoder = new TextEncoder();
const encode = (value: unknown) => encoder.encode(JSON.stringify(value));

export function renderingOf(
  kind: AnyKind,
  format: Format,
  include: IncludeObject,
  now: () => string,
): Rendering {
  if (format === "table") return tableRendering(kind, include, now);
  return format === "partial" ? PARTIAL : jsonRendering(kind);
}

function jsonRendering({ resource }: AnyKind): Rendering {
  return {
    text: "json",
    one: ({ object, bytes }) => bytes ?? encode(object),
    list: (page) => listBody(resource, page),
  };
}

const PARTIAL: Rendering = {
  text: "partial",
  one: ({ object }) => encode(partialOf(object)),
  list: (page) => whole(encode(partialListOf(page))),
};

function tableRendering(kind: AnyKind, include: IncludeObject, now: () => string): Rendering {
  const maker = new TableMaker(kind, include, now);
  return {
    text: `table ${include}`,
    one: ({ object }) => encoder.encode(maker.ofOne(object)),
    list: (page) => whole(encoder.encode(maker.ofList(page))),
  };
}

const whole = (body: Uint8Array) => ({ length: body.length, body });
