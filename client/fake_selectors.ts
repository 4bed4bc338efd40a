import { parseFieldSelector } from "../api/types/field_selectors.ts";
import { parseLabelSelector } from "../api/types/labels.ts";
import type { KubeObject } from "../api/types/meta.ts";
import type { ListOptions } from "./api.ts";

/** True when a list with these options would show the object. Every field may be selected by. */
export function matchesOptions(object: KubeObject, options: ListOptions): boolean {
  const { labelSelector = "", fieldSelector = "" } = options;
  if (labelSelector === "" && fieldSelector === "") return true;
  return parseLabelSelector(labelSelector).matches(object.metadata.labels) &&
    parseFieldSelector(fieldSelector).matches((field) => valueAt(object, field));
}

/** Absent fields are empty, as in the fields that the apiserver selects by. */
function valueAt(object: unknown, path: string): string {
  let value = object;
  for (const name of path.split(".")) {
    value = (value as Record<string, unknown> | undefined)?.[name];
  }
  return value === undefined ? "" : String(value);
}
