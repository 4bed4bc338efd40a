import { decodeEnvelope, decodeProtobuf } from "../types/protobuf.ts";
import type { MessageSchema } from "../types/schema.ts";
import { StatusError } from "../types/status.ts";
import type { PatchType } from "../registry/patch.ts";
import type { Patch } from "../registry/write_options.ts";
import type { Call } from "./exchange.ts";
import { PROTOBUF_TYPE } from "./negotiate.ts";

/** Source: kube-apiserver, MaxRequestBodyBytes. */
export const BODY_BYTES_MAX = 3 * 1024 * 1024;

/** Aliases that one YAML document may unfold: more is an attack. */
const YAML_ALIASES_MAX = 100;

/** What is dubious in a client's YAML is no warning of this process. */
const YAML_OPTIONS = { maxAliasCount: YAML_ALIASES_MAX, logLevel: "error" } as const;

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

/**
 * @returns the object as JSON has it, not yet checked
 * @throws {StatusError} BadRequest, UnsupportedMediaType, RequestEntityTooLarge
 */
export async function readObject(call: Call, expected: Expected): Promise<unknown> {
  const type = mediaType(call);
  const isCustom = expected.schema.structure !== undefined;
  if (type === PROTOBUF_TYPE && !isCustom) return unpacked(await call.body(), expected);
  if (type !== "" && !type.endsWith("json") && !isYaml(type)) throw unsupported(type, OBJECT_TYPES);
  return parse(type, await call.body());
}

/** An object that may be left out, such as the options of a deletion. Any type that is not known is JSON. */
export async function readOptional(call: Call, expected: Expected): Promise<unknown> {
  const bytes = await call.body();
  if (bytes.length === 0) return undefined;
  const type = mediaType(call);
  return type === PROTOBUF_TYPE ? unpacked(bytes, expected) : parse(type, bytes);
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
  return { type, body: await parse(mime, await call.body()) };
}

function mediaType(call: Call): string {
  return (call.header("content-type") ?? "").split(";", 1)[0]!.trim().toLowerCase();
}

const YAML_TYPES = ["application/yaml", "application/x-yaml", "application/apply-patch+yaml"];
const isYaml = (type: string) => YAML_TYPES.includes(type);

/** A promise for YAML, whose reader is loaded when somebody sends some: it takes 9 MB. */
function parse(type: string, bytes: Uint8Array): unknown {
  if (isYaml(type)) return parseYaml(bytes);
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (error) {
    throw unreadable(error);
  }
}

/** Most clients send JSON, which is YAML too and read much faster. */
async function parseYaml(bytes: Uint8Array): Promise<unknown> {
  try {
    const text = decoder.decode(bytes);
    return jsonOf(text) ?? (await import("yaml")).parse(text, YAML_OPTIONS);
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
