import { decodeEnvelope, decodeProtobuf } from "../types/protobuf.ts";
import { fieldsNamedIn, namesFieldsAgain } from "../types/json_names.ts";
import type { MessageSchema } from "../types/schema.ts";
import { StatusError } from "../types/status.ts";
import type { Doubles } from "../registry/doubles.ts";
import type { PatchType } from "../registry/patch.ts";
import type { Patch } from "../registry/write_options.ts";
import type { Call } from "./exchange.ts";
import { PROTOBUF_TYPE } from "./negotiate.ts";

/** Source: kube-apiserver, MaxRequestBodyBytes. */
export const BODY_BYTES_MAX = 3 * 1024 * 1024;

const decoder = new TextDecoder("utf-8", { fatal: true });

export function tooLarge(): StatusError {
  const why = `Request entity too large: limit is ${BODY_BYTES_MAX}`;
  return new StatusError("RequestEntityTooLarge", why);
}

/** What a body should be: JSON says what it is, protobuf is only understood by who knows. */
export interface Expected {
  readonly resource: { readonly kind: string };
  readonly schema: MessageSchema;
}

/** A body as JSON has it, not yet checked, and what of it is not in that JSON. */
export interface Sent {
  readonly json: unknown;
  readonly doubles?: Doubles | undefined;
}

/** @throws {StatusError} BadRequest, UnsupportedMediaType, RequestEntityTooLarge */
export async function readObject(call: Call, expected: Expected): Promise<Sent> {
  const type = mediaType(call);
  const isCustom = expected.schema.structure !== undefined;
  if (type === PROTOBUF_TYPE && !isCustom) return { json: unpacked(await call.body(), expected) };
  if (type !== "" && !type.endsWith("json") && !isYaml(type)) throw unsupported(type, OBJECT_TYPES);
  return parse(type, await call.body());
}

/** An object that may be left out, such as the options of a deletion. Any type that is not known is JSON. */
export async function readOptional(call: Call, expected: Expected): Promise<unknown> {
  const bytes = await call.body();
  if (bytes.length === 0) return undefined;
  const type = mediaType(call);
  return type === PROTOBUF_TYPE ? unpacked(bytes, expected) : (await parse(type, bytes)).json;
}

/** Of another kind than is expected only the name of the kind: whoever checks the object will refuse it. */
function unpacked(bytes: Uint8Array, { resource, schema }: Expected): unknown {
  const { apiVersion, kind, raw } = decodeEnvelope(bytes);
  const isOther = kind !== "" && kind !== resource.kind;
  return isOther ? { apiVersion, kind } : { apiVersion, kind, ...decodeProtobuf(schema, raw) };
}

const PATCH_TYPES: Readonly<Record<string, PatchType>> = {
  "application/json-patch+json": "json",
  "application/merge-patch+json": "merge",
  "application/strategic-merge-patch+json": "strategic",
  "application/apply-patch+yaml": "apply",
};
const OBJECT_TYPES = ["application/json", "application/yaml", PROTOBUF_TYPE];

/** @throws {StatusError} BadRequest, UnsupportedMediaType, RequestEntityTooLarge */
export async function readPatch(call: Call): Promise<Patch> {
  const mime = mediaType(call);
  const type = Object.hasOwn(PATCH_TYPES, mime) ? PATCH_TYPES[mime] : undefined;
  if (type === undefined) throw unsupported(mime, Object.keys(PATCH_TYPES));
  const { json, doubles } = await parse(mime, await call.body());
  return { type, body: json, doubles };
}

function mediaType(call: Call): string {
  return (call.header("content-type") ?? "").split(";", 1)[0]!.trim().toLowerCase();
}

const YAML_TYPES = ["application/yaml", "application/x-yaml", "application/apply-patch+yaml"];
const isYaml = (type: string) => YAML_TYPES.includes(type);

/** A promise for YAML alone. */
function parse(type: string, bytes: Uint8Array): Sent | Promise<Sent> {
  if (isYaml(type)) return parseYaml(bytes);
  try {
    const json: unknown = JSON.parse(decoder.decode(bytes));
    return { json, doubles: doublesIn(bytes, json) };
  } catch (error) {
    throw unreadable(error);
  }
}

function doublesIn(bytes: Uint8Array, json: unknown): Doubles | undefined {
  if (!namesFieldsAgain(bytes, json)) return undefined;
  return { form: "JSON", fields: fieldsNamedIn(decoder.decode(bytes)) };
}

/** Most clients send JSON, which is YAML too and read much faster. */
async function parseYaml(bytes: Uint8Array): Promise<Sent> {
  try {
    const text = decoder.decode(bytes);
    const json = jsonOf(text);
    if (json !== undefined && !namesFieldsAgain(bytes, json)) return { json };
    const { readYaml } = await import("./yaml_body.ts");
    const { value, again } = readYaml(text);
    return again.length === 0
      ? { json: value }
      : { json: value, doubles: { form: "YAML", lines: again } };
  } catch (error) {
    throw unreadable(error);
  }
}

/** @returns undefined for what is no JSON object: a flow mapping, perhaps */
function jsonOf(text: string): unknown {
  if (!text.startsWith("{")) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreadable(error: unknown): StatusError {
  const why = error instanceof Error ? error.message : String(error);
  return new StatusError("BadRequest", `the body of the request can't be parsed: ${why}`);
}

function unsupported(type: string, supported: readonly string[]): StatusError {
  const why = "the body of the request was in an unknown format - accepted media types include";
  const said = type === "" ? "" : ` (it was ${type})`;
  return new StatusError("UnsupportedMediaType", `${why}: ${supported.join(", ")}${said}`);
}
