import { invalid, invalidStatus } from "../types/field_errors.ts";
import { isJsonObject } from "../types/json.ts";
import type { KubeObject } from "../types/meta.ts";
import type { Resource } from "../types/resources.ts";
import type { MessageSchema } from "../types/schema.ts";
import { StatusError } from "../types/status.ts";
import { type DecodedObject, type FieldValidation, halfDecode } from "./decode_object.ts";
import { type Doubles, textOfLines, toldOf } from "./doubles.ts";
import type { Patch, WriteOptions } from "./write_options.ts";

interface Expected {
  readonly resource: Resource<KubeObject>;
  readonly schema: MessageSchema;
}

const NOBODY = { apiVersion: "v1", kind: "" };

/** Characters of a patch in its refusal. */
const SHOWN_MAX = 2_000;

/**
 * What a patch made of an object. Source: k8s.io/apiserver, endpoints/handlers/patch.go: a patch is refused as
 * invalid, where a whole object would be a bad request.
 * @throws {StatusError} Invalid, and BadRequest when it is no object of this kind any more
 */
export function decodePatched(
  { resource, schema }: Expected,
  { json, patch }: { json: unknown; patch: Patch },
  { fieldValidation }: WriteOptions,
): DecodedObject {
  const { object, mistakes } = halfDecode(resource, schema, json, { fieldValidation: "Strict" });
  const { errors, unknown } = mistakes;
  if (errors.length > 0) throw invalidPatch(patch.body, errors.join(", "));
  if (fieldValidation === "Ignore") return { object, warnings: [] };
  const told = [...mistakesIn(patch), ...unknown];
  if (fieldValidation === "Warn" || told.length === 0) return { object, warnings: told };
  throw invalidPatch(patch.body, `strict decoding error: ${told.join(", ")}`);
}

/** What is wrong with the patch itself. */
function mistakesIn({ type, body, doubles }: Patch): string[] {
  const again = toldOf([], doubles, false).warned;
  if (type !== "json") return [...again];
  return [...unknownIn(body), ...again].map((text) => `json patch ${text}`);
}

const OPERATION: ReadonlySet<string> = new Set(["op", "path", "from", "value"]);

function unknownIn(operations: unknown): string[] {
  if (!Array.isArray(operations)) return [];
  return operations.flatMap((operation: unknown, i) =>
    isJsonObject(operation)
      ? Object.keys(operation).filter((name) => !OPERATION.has(name))
        .map((name) => `unknown field ${JSON.stringify(`[${i}].${name}`)}`)
      : []
  );
}

function invalidPatch(patch: unknown, why: string): StatusError {
  const shown = JSON.stringify(patch)?.slice(0, SHOWN_MAX) ?? "";
  return invalidStatus(NOBODY, "", [invalid("patch", shown, why)]);
}

/**
 * An applied configuration may not say a field again.
 * @returns the warnings
 * @throws {StatusError} BadRequest
 */
export function doublesApplied(
  doubles: Doubles | undefined,
  validation: FieldValidation,
): readonly string[] {
  if (doubles?.form !== "YAML" || validation === "Ignore") return [];
  if (validation === "Warn") return doubles.lines;
  const why = `error converting YAML to JSON: ${textOfLines(doubles.lines)}`;
  throw new StatusError("BadRequest", `error strict decoding YAML: ${why}`);
}
