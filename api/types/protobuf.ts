/**
 * Kubernetes's protobuf form of an object, derived from its declaration: bodies of requests become the JSON
 * form that all the rest works on, and answers are made from it. Pure, and bounded by the length of its input.
 */
import type { JsonObject } from "./json.ts";
import { readMessage } from "./protobuf/decode.ts";
import { writeMessage } from "./protobuf/encode.ts";
import { type Envelope, openEnvelope } from "./protobuf/envelope.ts";
import { WireReader } from "./protobuf/reader.ts";
import { WireError } from "./protobuf/wire.ts";
import { FieldPath } from "./field_path.ts";
import type { MessageSchema } from "./schema.ts";
import { StatusError } from "./status.ts";

export { type Envelope, sealEnvelope, sealList } from "./protobuf/envelope.ts";
export { watchFrame } from "./protobuf/watch_frame.ts";

/**
 * The object as JSON would have it, without `apiVersion` and `kind`, which stand in the envelope. It is as
 * well formed as JSON that was parsed: `decode` knows whether it is right.
 * @throws {StatusError} BadRequest that names the field
 */
export function decodeProtobuf(schema: MessageSchema, bytes: Uint8Array): JsonObject {
  return refusing("BadRequest", schema, () => readMessage(schema, new WireReader(bytes)));
}

/**
 * Fields that the schema has not got are left out.
 * @throws {StatusError} InternalError that names the field, when the object is not of the schema
 */
export function encodeProtobuf(schema: MessageSchema, object: object): Uint8Array {
  const json = object as JsonObject;
  return refusing("InternalError", schema, () => writeMessage(schema, json));
}

/** @throws {StatusError} BadRequest */
export function decodeEnvelope(bytes: Uint8Array): Envelope {
  return refusing("BadRequest", undefined, () => openEnvelope(bytes));
}

function refusing<T>(
  reason: "BadRequest" | "InternalError",
  schema: MessageSchema | undefined,
  work: () => T,
): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const what = schema === undefined ? "" : ` as ${schema.name.split(".").slice(-2).join(".")}`;
    const where = pathOf(error);
    const why = where === "" ? error.message : `${where}: ${error.message}`;
    const did = reason === "BadRequest" ? "decode" : "encode";
    throw new StatusError(reason, `Cannot ${did} protobuf${what}: ${why}`);
  }
}

function pathOf({ steps }: WireError): string {
  const path = new FieldPath();
  for (const step of steps.toReversed()) path.enter(step);
  return path.toString();
}
