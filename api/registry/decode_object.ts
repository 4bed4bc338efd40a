import { decode, type Decoded, rejectUndecoded } from "../types/decode.ts";
import { isJsonObject, type JsonObject } from "../types/json.ts";
import type { KubeObject } from "../types/meta.ts";
import type { Resource } from "../types/resources.ts";
import type { MessageSchema, Schema } from "../types/schema.ts";
import { StatusError } from "../types/status.ts";
import { type Doubles, toldOf } from "./doubles.ts";
import { groupOf } from "./keys.ts";

/** What to do with fields that the type does not have. Source: the query parameter of the same name. */
export type FieldValidation = "Strict" | "Warn" | "Ignore";

export interface DecodedObject {
  readonly object: KubeObject;
  readonly warnings: readonly string[];
}

/** Decoding that went on past mistakes: `object` is what could be read. */
export interface HalfDecoded extends DecodedObject {
  /** How Kubernetes refuses it. */
  readonly refusal: StatusError | undefined;
  readonly mistakes: Pick<Decoded<unknown>, "errors" | "unknown">;
}

/** How strictly to read, and what the text said besides its JSON. */
export interface Reading {
  readonly fieldValidation: FieldValidation;
  readonly doubles?: Doubles | undefined;
}

/** Characters of a body that is not understood, shown in the refusal. */
const SUMMARY_LENGTH = 30;

/**
 * JSON from a client becomes an object of the expected type; kind and apiVersion may be left out.
 * @throws {StatusError} BadRequest that names every mistake
 */
export function decodeObject(
  resource: Resource<KubeObject>,
  schema: MessageSchema,
  json: unknown,
  reading: Reading,
): DecodedObject {
  const decoded = halfDecode(resource, schema, json, reading);
  if (decoded.refusal !== undefined) throw decoded.refusal;
  return decoded;
}

/**
 * The same, for who wants to know what else is wrong.
 * @throws {StatusError} BadRequest when it is no object of this kind at all
 */
export function halfDecode(
  resource: Resource<KubeObject>,
  schema: MessageSchema,
  json: unknown,
  { fieldValidation, doubles }: Reading,
): HalfDecoded {
  rejectOtherKind(resource, json);
  const decoded = decode(schema as Schema<KubeObject> & MessageSchema, json);
  const told = toldOf(decoded.unknown, doubles, schema.structure === undefined);
  const isStrict = fieldValidation === "Strict";
  const { kind, apiVersion } = resource;
  return {
    object: { ...decoded.object, kind, apiVersion },
    warnings: fieldValidation === "Warn" ? told.warned : [],
    refusal: refusalOf(resource, { errors: decoded.errors, unknown: told.refused }, isStrict),
    mistakes: { errors: decoded.errors, unknown: isStrict ? told.refused : [] },
  };
}

function refusalOf(
  resource: Resource<KubeObject>,
  decoded: HalfDecoded["mistakes"],
  isStrict: boolean,
): StatusError | undefined {
  if (decoded.errors.length === 0 && !(isStrict && decoded.unknown.length > 0)) return undefined;
  try {
    rejectUndecoded(resource, decoded, isStrict);
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  return undefined;
}

function rejectOtherKind({ apiVersion, kind }: Resource<KubeObject>, json: unknown): void {
  if (!isJsonObject(json)) {
    const shown = JSON.stringify(json)?.slice(0, SUMMARY_LENGTH) ?? "";
    const why = `couldn't get version/kind; json parse error: not an object (${shown})`;
    throw unrecognized(kind, why);
  }
  const [saidKind, saidVersion] = [textIn(json, "kind"), textIn(json, "apiVersion")];
  if (saidKind !== "" && saidKind !== kind) {
    const version = saidVersion || apiVersion;
    const what = `${saidKind} in version ${JSON.stringify(versionOf(version))}`;
    const why = `${what} cannot be handled as a ${kind}: the kind does not match the URL`;
    throw new StatusError("BadRequest", why);
  }
  if (saidVersion === "" || saidVersion === apiVersion) return;
  const why =
    `the API version in the data (${saidVersion}) does not match the expected API version`;
  throw new StatusError("BadRequest", `${why} (${apiVersion})`);
}

/** @throws {StatusError} BadRequest: without a kind that can be read nothing else can */
function textIn(json: JsonObject, field: string): string {
  const value = json[field] ?? "";
  if (typeof value === "string") return value;
  const why = `couldn't get version/kind; json parse error: ${field} must be a string`;
  throw new StatusError("BadRequest", why);
}

function versionOf(apiVersion: string): string {
  return groupOf(apiVersion) === "" ? apiVersion : apiVersion.slice(apiVersion.indexOf("/") + 1);
}

function unrecognized(kind: string, why: string): StatusError {
  const what = `the object provided is unrecognized (must be of type ${kind}): ${why}`;
  return new StatusError("BadRequest", what);
}
