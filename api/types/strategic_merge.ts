/**
 * Strategic merge patch: a merge patch that knows from the schema which lists merge by key and which as sets.
 * Source of the semantics and messages: k8s.io/apimachinery, strategicpatch.StrategicMergePatch.
 */
import { isDeeperThan, isJsonObject, JSON_DEPTH_MAX, type JsonObject, setOwn } from "./json.ts";
import { inServerOrder, ranks } from "./patch_order.ts";
import type { AnySchema, ListSchema, MessageSchema } from "./schema.ts";
import { StatusError } from "./status.ts";

const DIRECTIVE = "$patch";
const RETAIN_KEYS = "$retainKeys";
const DELETE_FROM = "$deleteFromPrimitiveList/";
const SET_ORDER = "$setElementOrder/";

/** What is known of a value: undefined inside free JSON and under unknown fields, where maps merge and lists replace. */
type Known = AnySchema | undefined;

/**
 * @returns a new object that shares unchanged parts with `object`, which is not changed; decode it again
 * @throws {StatusError} BadRequest on a directive that makes no sense
 */
export function strategicMerge(schema: MessageSchema, object: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) throw bad("a strategic merge patch is an object");
  if (isDeeperThan(JSON_DEPTH_MAX, patch)) {
    throw bad(`the patch is nested more than ${JSON_DEPTH_MAX} deep`);
  }
  return mergeObject(schema, isJsonObject(object) ? object : {}, patch);
}

function mergeObject(schema: Known, original: JsonObject, patch: JsonObject): JsonObject {
  const directive = patch[DIRECTIVE];
  if (directive === "replace") return withoutDirectives(schema, without(patch, DIRECTIVE));
  if (directive === "delete") return {};
  if (directive !== undefined && directive !== "merge") {
    throw bad(`unknown patch type: ${directive} in map`);
  }
  const merged = retainKeys(original, patch);
  for (const [name, value] of Object.entries(patch)) {
    if (name === DIRECTIVE || name === RETAIN_KEYS || name.startsWith(SET_ORDER)) continue;
    if (name.startsWith(DELETE_FROM)) deleteScalars(merged, name.slice(DELETE_FROM.length), value);
    else if (value === null) delete merged[name];
    else {
      const before = isReplaced(schema, name) ? undefined : own(merged, name);
      setOwn(merged, name, mergeValue(fieldOf(schema, name), before, value));
    }
  }
  for (const [name, order] of Object.entries(patch)) {
    if (name.startsWith(SET_ORDER)) {
      reorder(schema, name.slice(SET_ORDER.length), { merged, original, patch, order });
    }
  }
  return merged;
}

function mergeValue(schema: Known, original: unknown, patch: unknown): unknown {
  if (isJsonObject(patch)) {
    return mergeObject(schema, isJsonObject(original) ? original : {}, patch);
  }
  if (!Array.isArray(patch)) return patch;
  return mergeList(schema, Array.isArray(original) ? original : [], patch);
}

/** The patch as a value of its own: merging it into nothing drops its nulls and directives. */
function withoutDirectives(schema: Known, patch: JsonObject): JsonObject {
  return mergeObject(schema, {}, patch);
}

function mergeList(schema: Known, original: unknown[], patch: unknown[]): unknown[] {
  if (schema?.is !== "list") return patch;
  if (schema.mergeKey !== undefined) {
    return mergeByKey(schema, schema.mergeKey, original, patch);
  }
  if (!schema.isSet && !schema.isMergedScalars) {
    return patch.map((item) => mergeValue(schema.item, undefined, item));
  }
  const merged = [...new Set([...original, ...patch])];
  return inServerOrder(merged, { first: patch, server: original, idOf: (item) => item });
}

function mergeByKey(
  schema: ListSchema,
  key: string,
  original: unknown[],
  patch: unknown[],
): unknown[] {
  const items = patch.map((item) => mustHaveKey(item, key));
  const does = (wanted: string) => (item: JsonObject) => directiveOf(item) === wanted;
  const normal = items.filter(does("merge"));
  const gone = new Set(items.filter(does("delete")).map((item) => item[key]));
  const isReplaced = items.some(does("replace"));
  const idOf = (item: unknown) => isJsonObject(item) ? item[key] : undefined;
  const merged = isReplaced ? [] : original.filter((item) => !gone.has(idOf(item)));
  const places = ranks(merged, idOf);
  for (const item of normal) {
    const at = places.get(item[key]);
    if (at !== undefined) merged[at] = mergeValue(schema.item, merged[at], item);
    else places.set(item[key], merged.push(withoutDirectives(schema.item, item)) - 1);
  }
  return inServerOrder(merged, { first: normal, server: original, idOf });
}

/** Items are merged unless they say otherwise. */
function directiveOf(item: JsonObject): string {
  const { [DIRECTIVE]: directive = "merge" } = item;
  if (directive === "merge" || directive === "delete" || directive === "replace") return directive;
  throw bad(`unknown patch type: ${directive} in list`);
}

function mustHaveKey(item: unknown, key: string): JsonObject {
  if (!isJsonObject(item)) throw bad(`expected an object with the merge key ${key} in the list`);
  if (item[DIRECTIVE] === "replace" || own(item, key) !== undefined) return item;
  throw bad(`map: ${JSON.stringify(item)} does not contain declared merge key: ${key}`);
}

/** Fields that the list leaves out go; every field of the patch must be on it. */
function retainKeys(original: JsonObject, patch: JsonObject): JsonObject {
  const keys = patch[RETAIN_KEYS];
  if (keys === undefined) return { ...original };
  if (!Array.isArray(keys)) {
    throw bad("invalid patch format of retainKeys: a list of field names is expected");
  }
  const kept = new Set<unknown>(keys);
  const stray = Object.keys(patch).find((name) => !name.startsWith("$") && !kept.has(name));
  if (stray !== undefined) {
    throw bad(`patch content doesn't match the retainKeys list: ${stray} is not in the list`);
  }
  return Object.fromEntries(Object.entries(original).filter(([name]) => kept.has(name)));
}

function deleteScalars(merged: JsonObject, name: string, values: unknown): void {
  if (!Array.isArray(values)) {
    throw bad(`invalid patch format of primitive list: ${DELETE_FROM}${name} is no list`);
  }
  const list = own(merged, name);
  if (!Array.isArray(list)) return;
  const gone = new Set<unknown>(values);
  setOwn(merged, name, list.filter((item) => !gone.has(item)));
}

interface Reordering {
  readonly merged: JsonObject;
  readonly original: JsonObject;
  readonly patch: JsonObject;
  readonly order: unknown;
}

/** The items named in `order` come in that order; those that only the server knows keep their place among them. */
function reorder(schema: Known, name: string, { merged, original, order }: Reordering): void {
  if (!Array.isArray(order)) throw bad(`invalid patch format of setElementOrder list: ${name}`);
  const list = own(merged, name);
  if (!Array.isArray(list)) return;
  const field = fieldOf(schema, name);
  const key = field?.is === "list" ? field.mergeKey : undefined;
  const idOf = (item: unknown) => key !== undefined && isJsonObject(item) ? item[key] : item;
  const server = own(original, name);
  setOwn(
    merged,
    name,
    inServerOrder(list, { first: order, server: Array.isArray(server) ? server : [], idOf }),
  );
}

function fieldOf(schema: Known, name: string): Known {
  if (schema?.is === "map") return schema.value;
  if (schema?.is !== "message") return undefined;
  return Object.hasOwn(schema.fields, name) ? schema.fields[name]?.schema : undefined;
}

function isReplaced(schema: Known, name: string): boolean {
  return schema?.is === "message" && Object.hasOwn(schema.fields, name) &&
    schema.fields[name]?.patchStrategy === "replace";
}

function own(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

function without(object: JsonObject, name: string): JsonObject {
  const { [name]: _gone, ...rest } = object;
  return rest;
}

const bad = (message: string) => new StatusError("BadRequest", message);
