import { decode } from "../../types/decode.ts";
import { isJsonObject, type JsonObject, setOwn } from "../../types/json.ts";
import type { AnySchema, ListSchema, MessageSchema, Schema } from "../../types/schema.ts";
import { StatusError } from "../../types/status.ts";
import { itemStep, ownershipOf, schemaBelow } from "./ownership.ts";
import { fieldStep, pathText } from "./path_element.ts";

/** Whose configuration it is, for refusals. */
export interface Subject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
}

/**
 * A configuration as it was sent, in canonical values and without nulls: nothing is filled in, because who
 * applies it owns what is in it.
 * @throws {StatusError} BadRequest for what is no configuration of this type
 */
export function readConfig(schema: MessageSchema, json: unknown, subject: Subject): JsonObject {
  if (!isJsonObject(json)) {
    throw new StatusError("BadRequest", "error decoding YAML: the configuration is no object");
  }
  const { apiVersion, kind } = json;
  if (typeof apiVersion !== "string" || apiVersion !== subject.apiVersion) {
    const said = typeof apiVersion === "string" ? apiVersion : "";
    const why = `Specified patch version: ${said}, expected: ${subject.apiVersion}`;
    throw new StatusError("BadRequest", `Incorrect version specified in apply patch. ${why}`);
  }
  if (kind !== subject.kind) {
    const why = `kind ${JSON.stringify(kind ?? "")} does not match the kind of the path`;
    throw new StatusError("BadRequest", `invalid object type: ${why} (${subject.kind})`);
  }
  const { metadata } = json;
  if (isJsonObject(metadata) && metadata["managedFields"] !== undefined) {
    throw new StatusError("BadRequest", "metadata.managedFields must be nil");
  }
  const decoded = decode(schema as Schema<JsonObject> & MessageSchema, json);
  const mistakes = [
    ...decoded.unknown.map((unknown) => undeclared(schema, json, unknown)),
    ...decoded.errors,
  ];
  if (mistakes.length > 0) throw notTyped(subject, mistakes);
  const config = saidOf(decoded.object, json) as JsonObject;
  const doubles = doublesIn(schema, config, []);
  if (doubles.length > 0) throw notTyped(subject, doubles);
  return config;
}

/** `unknown field "spec.foo"` in the words of an apply, which names items by their keys. */
function undeclared(schema: AnySchema, json: unknown, unknown: string): string {
  const path: unknown = JSON.parse(unknown.replace(/^unknown field /, ""));
  const named = String(path).match(/[^.[\]]+/g) ?? [];
  const steps: string[] = [];
  let [at, value]: [AnySchema, unknown] = [schema, json];
  for (const name of named) {
    const isItem = at.is === "list" && Array.isArray(value);
    const below: unknown = isItem
      ? (value as unknown[])[Number(name)]
      : isJsonObject(value)
      ? value[name]
      : undefined;
    steps.push(
      isItem ? itemStep(at as ListSchema, below) ?? `i:${name}` : fieldStep(name),
    );
    at = isItem ? (at as ListSchema).item : schemaBelow(at, name);
    value = below;
  }
  return `${pathText(steps)}: field not declared in schema`;
}

/** Source: apimachinery, managedfields, structuredmerge.go. */
function notTyped(subject: Subject, mistakes: readonly string[]): StatusError {
  const { apiVersion, kind, namespace, name } = subject;
  const what = `${namespace}/${name}; ${apiVersion}, Kind=${kind}`;
  const [first = ""] = mistakes;
  const why = mistakes.length === 1 ? first : `errors:\n  ${mistakes.join("\n  ")}`;
  return new StatusError("BadRequest", `failed to create typed patch object (${what}): ${why}`);
}

/** The part of `decoded` that `json` has: decoding puts in what every object holds. */
function saidOf(decoded: unknown, json: unknown): unknown {
  if (Array.isArray(decoded) && Array.isArray(json)) {
    return decoded.map((item, i) => saidOf(item, json[i]));
  }
  if (!isJsonObject(decoded) || !isJsonObject(json)) return decoded;
  const said: JsonObject = {};
  for (const [name, value] of Object.entries(decoded)) {
    if (!Object.hasOwn(json, name) || json[name] === null) continue;
    setOwn(said, name, saidOf(value, json[name]));
  }
  return said;
}

/** Items that can't be told apart have no owner. */
function doublesIn(schema: AnySchema, value: unknown, path: readonly string[]): string[] {
  if (typeof value !== "object" || value === null) return [];
  const ownership = ownershipOf(schema, value);
  if (ownership === "fields") {
    return Object.entries(value).flatMap(([name, below]) =>
      doublesIn(schemaBelow(schema, name), below, [...path, fieldStep(name)])
    );
  }
  return ownership === "items" ? doubleItems(schema as ListSchema, value as unknown[], path) : [];
}

function doubleItems(
  schema: ListSchema,
  items: readonly unknown[],
  path: readonly string[],
): string[] {
  const seen = new Set<string>();
  return items.flatMap((item, i) => {
    const step = itemStep(schema, item);
    if (step === undefined) {
      const keys = JSON.stringify(schema.mapKeys ?? [schema.mergeKey]);
      const why = `associative list with keys has an element that omits all key fields ${keys}`;
      return [`${pathText(path)}: element ${i}: ${why}`];
    }
    if (seen.has(step)) {
      return [`${pathText(path)}: duplicate entries for key ${pathText([step])}`];
    }
    seen.add(step);
    return doublesIn(schema.item, item, [...path, step]);
  });
}
