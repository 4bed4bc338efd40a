import type { KubeObject } from "../types/meta.ts";
import type { Resource } from "../types/resources.ts";
import { listKindOf } from "../registry/keys.ts";
import type { Page } from "../registry/list_page.ts";
import { type Flow, flowOf } from "./exchange.ts";
import { listMetaOf } from "./partial.ts";

/** Bytes of one part of a long list: one write each, and other requests get their turn between them. */
const PART_BYTES = 256 * 1024;

const encoder = new TextEncoder();
const COMMA = 0x2c;

/** A list of stored bytes, joined as they are. `length` is the whole in bytes. */
export function listBody(
  resource: Resource<KubeObject>,
  page: Page,
): { length: number; body: Uint8Array | Flow } {
  const head = encoder.encode(
    `{"kind":"${listKindOf(resource)}","apiVersion":"${resource.apiVersion}",` +
      `"metadata":${JSON.stringify(listMetaOf(page))},"items":[`,
  );
  const tail = encoder.encode("]}");
  const { items } = page;
  let length = head.length + tail.length + Math.max(items.length - 1, 0);
  for (const { bytes } of items) length += bytes.length;
  const pieces = piecesOf(head, items, tail);
  const parts = inParts(pieces, Math.min(length, PART_BYTES));
  if (length > PART_BYTES) return { length, body: flowOf(parts) };
  return { length, body: parts.next().value ?? tail };
}

function* piecesOf(
  head: Uint8Array,
  items: readonly { readonly bytes: Uint8Array }[],
  tail: Uint8Array,
): Generator<Uint8Array, void> {
  yield head;
  const comma = Uint8Array.of(COMMA);
  for (let i = 0; i < items.length; i += 1) {
    if (i > 0) yield comma;
    yield items[i]!.bytes;
  }
  yield tail;
}

/** Joins pieces into parts of about `size` bytes; a larger piece goes as it is. */
export function* inParts(
  pieces: Iterable<Uint8Array>,
  size: number,
): Generator<Uint8Array, void> {
  let part = new Uint8Array(size);
  let used = 0;
  for (const piece of pieces) {
    if (used + piece.length > size) {
      if (used > 0) yield part.subarray(0, used);
      part = new Uint8Array(size);
      used = 0;
    }
    if (piece.length > size) yield piece;
    else {
      part.set(piece, used);
      used += piece.length;
    }
  }
  if (used > 0) yield part.subarray(0, used);
}
