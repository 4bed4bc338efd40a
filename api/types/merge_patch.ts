import { isJsonObject, type JsonObject, setOwn } from "./json.ts";

/**
 * RFC 7386: objects are merged, null takes a field away, anything else replaces what was there.
 * @returns a new value that may share parts with `target` and `patch`, neither of which is changed
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch;
  const merged: JsonObject = isJsonObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else setOwn(merged, name, mergePatch(own(merged, name), value));
  }
  return merged;
}

function own(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
