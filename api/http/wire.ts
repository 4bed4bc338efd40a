import { encodeProtobuf, sealEnvelope, watchFrame } from "../types/protobuf.ts";
import type { MessageSchema } from "../types/schema.ts";
import { acceptedBy, isJson, isProtobuf, PROTOBUF_TYPE } from "./negotiate.ts";

/** What an object says of itself on the wire. */
export interface Typed {
  readonly apiVersion: string;
  readonly kind: string;
}

/** The form that objects travel in. */
export interface Wire {
  readonly type: string;
  /** Type of a body of events. */
  readonly watchType: string;
  /** @param schema of the object, which JSON does not need */
  object(schema: MessageSchema, object: Typed): Uint8Array;
  /** One event of a watch. @param object in this form */
  event(type: string, object: Uint8Array): Uint8Array;
}

export const JSON_TYPE = "application/json";

const encoder = new TextEncoder();
const TAIL = encoder.encode("}\n");
const HEADS = new Map<string, Uint8Array>();

function headOf(type: string): Uint8Array {
  const known = HEADS.get(type);
  if (known !== undefined) return known;
  const head = encoder.encode(`{"type":"${type}","object":`);
  HEADS.set(type, head);
  return head;
}

export const JSON_WIRE: Wire = {
  type: JSON_TYPE,
  watchType: JSON_TYPE,
  object: (_schema, object) => encoder.encode(JSON.stringify(object)),
  event: (type, object) => joined([headOf(type), object, TAIL]),
};

/** Objects of the store keep their bytes: each version is encoded once, when somebody first wants it so. */
const ENCODED = new WeakMap<object, Uint8Array>();

/** The object without its envelope. It must not change any more. */
export function protobufOf(schema: MessageSchema, object: object): Uint8Array {
  const known = ENCODED.get(object);
  if (known !== undefined) return known;
  const bytes = encodeProtobuf(schema, object);
  ENCODED.set(object, bytes);
  return bytes;
}

export const PROTOBUF_WIRE: Wire = {
  type: PROTOBUF_TYPE,
  watchType: `${PROTOBUF_TYPE};stream=watch`,
  object(schema, object) {
    const { apiVersion, kind } = object;
    return sealEnvelope({ apiVersion, kind, raw: protobufOf(schema, object) });
  },
  event: watchFrame,
};

/** For answers that have one form only, such as a Status. JSON where the client wants what is not served. */
export function wireFor(accept: string | null): Wire {
  const plain = acceptedBy(accept).find((accepted) =>
    accepted.as === "" && (isJson(accepted) || isProtobuf(accepted))
  );
  return plain !== undefined && isProtobuf(plain) ? PROTOBUF_WIRE : JSON_WIRE;
}

export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  let length = 0;
  for (const piece of pieces) length += piece.length;
  const whole = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
