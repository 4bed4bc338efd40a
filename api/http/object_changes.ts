import { isJsonObject } from "../types/json.ts";
import type { KubeObject } from "../types/meta.ts";

/** Changes told of one write. */
const CHANGES_MAX = 20;
/** Longer values are cut. */
const VALUE_CHARACTERS_MAX = 80;
/** Fields that every write changes, or that repeat what the others say. */
const SILENT = new Set(["metadata.managedFields", "metadata.resourceVersion"]);
/** Whose values nobody should find in a history. */
const SECRET_FIELDS = new Set(["data", "stringData"]);

/** `path: before → after` for each field that differs, in the order of the fields; of secrets without their values. */
export function changesBetween(before: KubeObject, after: KubeObject): string[] {
  const changes: string[] = [];
  const isSecret = after.kind === "Secret";
  compare(before, after, "", (path, was, is) => {
    const isHidden = isSecret && SECRET_FIELDS.has(path.split(".")[0] ?? "");
    changes.push(isHidden ? path : `${path}: ${short(was)} → ${short(is)}`);
  });
  if (changes.length <= CHANGES_MAX) return changes;
  return [...changes.slice(0, CHANGES_MAX), `and ${changes.length - CHANGES_MAX} more`];
}

function compare(
  before: unknown,
  after: unknown,
  path: string,
  differs: (path: string, before: unknown, after: unknown) => void,
): void {
  if (before === after || SILENT.has(path)) return;
  const isList = Array.isArray(before) && Array.isArray(after);
  if (!isList && !(isJsonObject(before) && isJsonObject(after))) {
    if (JSON.stringify(before) !== JSON.stringify(after)) differs(path, before, after);
    return;
  }
  const [was, is] = [before as Record<string, unknown>, after as Record<string, unknown>];
  for (const name of new Set([...Object.keys(was), ...Object.keys(is)])) {
    const step = isList ? `[${name}]` : path === "" ? name : `.${name}`;
    compare(was[name], is[name], `${path}${step}`, differs);
  }
}

function short(value: unknown): string {
  if (value === undefined) return "nothing";
  const text = JSON.stringify(value);
  return text.length <= VALUE_CHARACTERS_MAX ? text : `${text.slice(0, VALUE_CHARACTERS_MAX)}…`;
}
