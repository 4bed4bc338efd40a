import type { KubeObject } from "../api/types/meta.ts";
import type { ListOptions } from "./api.ts";

/** `=`, `==` and `!=` terms, joined by commas: what components ask for. */
export function matchesOptions(object: KubeObject, options: ListOptions): boolean {
  return holds(options.labelSelector, (name) => object.metadata.labels?.[name]) &&
    holds(options.fieldSelector, (path) => valueAt(object, path));
}

function holds(selector: string | undefined, valueOf: (name: string) => string | undefined) {
  if (selector === undefined || selector === "") return true;
  return selector.split(",").every((term) => {
    const [, name = "", operator, value = ""] = /^([^=!]+)(==?|!=)(.*)$/.exec(term) ?? [];
    if (operator === undefined) return valueOf(term) !== undefined;
    return (valueOf(name) === value) === (operator !== "!=");
  });
}

/** Absent fields are empty, as in the fields that the apiserver selects by. */
function valueAt(object: unknown, path: string): string {
  let value = object;
  for (const name of path.split(".")) {
    value = (value as Record<string, unknown> | undefined)?.[name];
  }
  return value === undefined ? "" : String(value);
}
