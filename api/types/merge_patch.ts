import { isDeeperThan, isJsonObject, JSON_DEPTH_MAX, type JsonObject, setOwn } from "./json.ts";
import { StatusError } from "./status.ts";

/**
 * RFC 7386: objects are merged, null takes a field away, anything else replaces what was there.
 * @returns a new value that may share parts with `target` and `patch`, neither of which is changed
 * @throws {StatusError} BadRequest when the patch is nested too deep to be anybody's object
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (isDeeperThan(JSON_DEPTH_MAX, patch)) {
    throw new StatusError("BadRequest", `the patch is nested more than ${JSON_DEPTH_MAX} deep`);
  }
  return merge(target, patch);
}

function merge(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch;
  const merged: JsonObject = isJsonObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else setOwn(merged, name, merge(own(merged, name), value));
  }
  return merged;
}

function own(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
