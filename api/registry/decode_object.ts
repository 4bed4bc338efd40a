import { decode, rejectUndecoded } from "../types/decode.ts";
import { isJsonObject } from "../types/json.ts";
import type { KubeObject } from "../types/meta.ts";
import type { Resource } from "../types/resources.ts";
import type { MessageSchema, Schema } from "../types/schema.ts";
import { StatusError } from "../types/status.ts";
import { groupOf } from "./keys.ts";

/** What to do with fields that the type does not have. Source: the query parameter of the same name. */
export type FieldValidation = "Strict" | "Warn" | "Ignore";

export interface DecodedObject {
  readonly object: KubeObject;
  readonly warnings: readonly string[];
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
  validation: FieldValidation,
): DecodedObject {
  rejectOtherKind(resource, json);
  const decoded = decode(schema as Schema<KubeObject> & MessageSchema, json);
  rejectUndecoded(resource, decoded, validation === "Strict");
  const { kind, apiVersion } = resource;
  const object = { ...decoded.object, kind, apiVersion };
  return { object, warnings: validation === "Warn" ? decoded.unknown : [] };
}

function rejectOtherKind({ apiVersion, kind }: Resource<KubeObject>, json: unknown): void {
  if (!isJsonObject(json)) {
    const shown = JSON.stringify(json)?.slice(0, SUMMARY_LENGTH) ?? "";
    const why = `couldn't get version/kind; json parse error: not an object (${shown})`;
    throw unrecognized(kind, why);
  }
  const { kind: saidKind = "", apiVersion: saidVersion = "" } = json;
  if (saidKind !== "" && saidKind !== kind) {
    const version = String(saidVersion || apiVersion);
    const what = `${saidKind} in version ${JSON.stringify(versionOf(version))}`;
    const why = `${what} cannot be handled as a ${kind}: the kind does not match the URL`;
    throw new StatusError("BadRequest", why);
  }
  if (saidVersion === "" || saidVersion === apiVersion) return;
  const why =
    `the API version in the data (${saidVersion}) does not match the expected API version`;
  throw new StatusError("BadRequest", `${why} (${apiVersion})`);
}

function versionOf(apiVersion: string): string {
  return groupOf(apiVersion) === "" ? apiVersion : apiVersion.slice(apiVersion.indexOf("/") + 1);
}

function unrecognized(kind: string, why: string): StatusError {
  const what = `the object provided is unrecognized (must be of type ${kind}): ${why}`;
  return new StatusError("BadRequest", what);
}
