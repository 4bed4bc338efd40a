import { isJsonObject } from "../../types/json.ts";

/**
 * The JSON paths of custom resource definitions: fields, `['a.b']`, `[0]`, `[*]` and `[?(@.type=="Ready")]`.
 * Source: k8s.io/client-go, util/jsonpath
 */
export interface JsonPath {
  /** Every value that the path leads to, in order. */
  find(value: unknown): readonly unknown[];
  /** The field names, where the path has nothing else: what can be written through. */
  readonly names: readonly string[] | undefined;
}

type Step =
  | { readonly is: "field"; readonly name: string }
  | { readonly is: "index"; readonly at: number }
  | { readonly is: "all" }
  | { readonly is: "filter"; readonly path: JsonPath; readonly holds: (value: unknown) => boolean };

const FIELD = /^\.((?:[^.[\]\\]|\\.)+)/;
const QUOTED = /^\[(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\]/;
const INDEX = /^\[(-?\d+)\]/;
const ALL = /^(?:\[\*\]|\.\*)/;
const FILTER =
  /^\[\?\(\s*@((?:[^=!<>]|\\.)+?)\s*(==|!=)\s*(?:'([^']*)'|"([^"]*)"|([^\s)]+))\s*\)\]/;

/** @returns undefined for what is no such path */
export function parseJsonPath(text: string): JsonPath | undefined {
  const steps: Step[] = [];
  let rest = text.startsWith("$") ? text.slice(1) : text;
  while (rest !== "") {
    const found = stepAt(rest);
    if (found === undefined) return undefined;
    steps.push(found.step);
    rest = rest.slice(found.length);
  }
  const names = steps.every((step) => step.is === "field")
    ? steps.map(({ name }) => name)
    : undefined;
  return { names, find: (value) => steps.reduce(follow, [value]) };
}

function stepAt(text: string): { step: Step; length: number } | undefined {
  const all = ALL.exec(text);
  if (all !== null) return { step: { is: "all" }, length: all[0].length };
  const field = FIELD.exec(text) ?? QUOTED.exec(text);
  if (field !== null) {
    const name = (field[1] ?? field[2] ?? "").replaceAll(/\\(.)/g, "$1");
    return { step: { is: "field", name }, length: field[0].length };
  }
  const index = INDEX.exec(text);
  if (index !== null) {
    return { step: { is: "index", at: Number(index[1]) }, length: index[0].length };
  }
  const filter = FILTER.exec(text);
  return filter === null ? undefined : filterStep(filter);
}

function filterStep(found: RegExpExecArray): { step: Step; length: number } | undefined {
  const [whole, inner = "", operator, single, double, bare] = found;
  const path = parseJsonPath(inner.trim());
  if (path === undefined) return undefined;
  const wanted = single ?? double ?? bare ?? "";
  const isWanted = (value: unknown) => String(value) === wanted;
  const holds = operator === "==" ? isWanted : (value: unknown) => !isWanted(value);
  return { step: { is: "filter", path, holds }, length: whole.length };
}

function follow(values: readonly unknown[], step: Step): unknown[] {
  return values.flatMap((value): unknown[] => {
    switch (step.is) {
      case "field":
        return isJsonObject(value) && Object.hasOwn(value, step.name) ? [value[step.name]] : [];
      case "index":
        return Array.isArray(value) ? value.slice(step.at, step.at + 1 || undefined) : [];
      case "all":
        return Array.isArray(value) ? value : isJsonObject(value) ? Object.values(value) : [];
      case "filter": {
        const items = Array.isArray(value) ? value : [];
        return items.filter((item) => {
          const [found] = step.path.find(item);
          return found !== undefined && step.holds(found);
        });
      }
    }
  });
}

/** @returns a copy with the value at the path, with objects made on the way */
export function setAt(
  value: unknown,
  [name, ...rest]: readonly string[],
  wanted: unknown,
): unknown {
  if (name === undefined) return wanted;
  const object = isJsonObject(value) ? value : {};
  return { ...object, [name]: setAt(object[name], rest, wanted) };
}
