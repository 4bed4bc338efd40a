import { applyPatch, type Operation, Pointer } from "rfc6902";
import { isDeeperThan, isJsonObject, JSON_DEPTH_MAX } from "./json.ts";
import { StatusError } from "./status.ts";

/** Source: k8s.io/apiserver, maxJSONPatchOperations. */
export const OPERATIONS_MAX = 10_000;
/** Characters of JSON that all `copy` operations together may add. Source: k8s.io/apiserver, JSONPatchMaxCopyBytes. */
const COPIED_MAX = 3 * 1024 * 1024;

/**
 * RFC 6902.
 * @returns a new object; `object` is not changed
 * @throws {StatusError} BadRequest when the patch has not the form of one, RequestEntityTooLarge when it does
 * too much, Invalid when it can't be applied: a failed `test`, a path that is not there
 */
export function applyJsonPatch(object: unknown, patch: unknown): unknown {
  const operations = operationsOf(patch);
  const patched = { root: structuredClone(object) };
  let copied = 0;
  for (const [i, operation] of operations.entries()) {
    if (operation.op === "copy") copied += sizeAt(patched.root, operation.from);
    if (copied > COPIED_MAX) throw tooLarge(`copy operations add more than ${COPIED_MAX} bytes`);
    applyOne(patched, operation, i);
  }
  return patched.root;
}

function operationsOf(patch: unknown): Operation[] {
  if (!Array.isArray(patch)) {
    throw new StatusError("BadRequest", "a JSON patch is a list of operations");
  }
  if (patch.length > OPERATIONS_MAX) {
    throw tooLarge(
      `The allowed maximum operations in a JSON patch is ${OPERATIONS_MAX}, got ${patch.length}`,
    );
  }
  if (isDeeperThan(JSON_DEPTH_MAX, patch)) {
    throw new StatusError("BadRequest", `the patch is nested more than ${JSON_DEPTH_MAX} deep`);
  }
  patch.forEach(rejectMalformed);
  return patch as Operation[];
}

const NEEDS_FROM = new Set(["move", "copy"]);
const NEEDS_VALUE = new Set(["add", "replace", "test"]);

function rejectMalformed(operation: unknown, i: number): void {
  const refuse = (why: string) =>
    new StatusError("BadRequest", `JSON patch operation ${i}: ${why}`);
  if (!isJsonObject(operation)) throw refuse("is not an object");
  const { op, path, from } = operation;
  if (typeof op !== "string" || !(NEEDS_FROM.has(op) || NEEDS_VALUE.has(op) || op === "remove")) {
    throw refuse(`unknown op ${JSON.stringify(op)}: add, remove, replace, move, copy or test`);
  }
  if (!isPointer(path)) throw refuse(`path ${JSON.stringify(path)} is no JSON pointer`);
  if (NEEDS_FROM.has(op) && !isPointer(from)) {
    throw refuse(`from ${JSON.stringify(from)} is no JSON pointer`);
  }
  if (NEEDS_VALUE.has(op) && !("value" in operation)) throw refuse(`${op} needs a value`);
}

function isPointer(value: unknown): value is string {
  return typeof value === "string" && (value === "" || value.startsWith("/")) &&
    !/(^|\/)(__proto__|constructor|prototype)(\/|$)/.test(value);
}

function applyOne(patched: { root: unknown }, operation: Operation, i: number): void {
  const inRoot = { ...operation, path: `/root${operation.path}` } as Operation;
  if ("from" in inRoot) inRoot.from = `/root${inRoot.from}`;
  if (isApplied(patched, inRoot)) return;
  const { op, path } = operation;
  const why = op === "test" && hasAt(patched.root, path)
    ? "testing value failed"
    : "path is missing";
  throw new StatusError(
    "Invalid",
    "the server rejected our request due to an error in our request: " +
      `JSON patch operation ${i} (${op} ${path}): ${why}`,
  );
}

/** The library throws where a path leads through a scalar, and where it can't say what a test found. */
function isApplied(patched: { root: unknown }, operation: Operation): boolean {
  try {
    const [error] = applyPatch(patched, [operation]);
    return error === null || error === undefined;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

function hasAt(root: unknown, pointer: string): boolean {
  return pointer === "" || Pointer.fromJSON(pointer).get(root) !== undefined;
}

function sizeAt(root: unknown, pointer: string): number {
  const value: unknown = Pointer.fromJSON(pointer).get(root);
  if (isDeeperThan(JSON_DEPTH_MAX, value)) {
    throw tooLarge("copy of a value that is nested too deep");
  }
  return JSON.stringify(value)?.length ?? 0;
}

const tooLarge = (message: string) => new StatusError("RequestEntityTooLarge", message);
