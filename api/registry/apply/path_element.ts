/**
 * Steps of a path as FieldsV1 writes them: `f:name` is a field or the key of a map, `k:{"name":"x"}` the item of
 * a list with these keys, `v:"x"` the item of a set. `.` stands for the node itself.
 * Source: sigs.k8s.io/structured-merge-diff, fieldpath/serialize-pe.go.
 */
import { isJsonObject, type JsonObject } from "../../types/json.ts";

export const SELF = ".";

export const fieldStep = (name: string) => `f:${name}`;

export const valueStep = (value: unknown) => `v:${JSON.stringify(value)}`;

/** @param keys in the order of their names, which makes the text canonical */
export function keyStep(keys: readonly (readonly [string, unknown])[]): string {
  const said = keys.map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return `k:{${said.join(",")}}`;
}

/** A step from outside in its canonical form, or undefined when it is none. */
export function canonicalStep(step: string): string | undefined {
  if (step === SELF || step.startsWith("f:")) return step;
  const value = parsed(step.slice(2));
  if (value === undefined) return undefined;
  if (step.startsWith("v:")) return valueStep(value);
  if (step.startsWith("i:")) return Number.isInteger(value) ? step : undefined;
  return step.startsWith("k:") && isJsonObject(value) ? keyStep(keysOf(value)) : undefined;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function keysOf(value: JsonObject): [string, unknown][] {
  return Object.entries(value).toSorted(([a], [b]) => order(a, b));
}

/** The path as conflicts name it: `.spec.containers[name="web"].image`. */
export function pathText(steps: readonly string[]): string {
  return steps.map(stepText).join("");
}

function stepText(step: string): string {
  const rest = step.slice(2);
  if (step.startsWith("k:")) {
    const keys = keysOf(JSON.parse(rest)).map(([name, value]) =>
      `${name}=${JSON.stringify(value)}`
    );
    return `[${keys.join(",")}]`;
  }
  if (step.startsWith("v:")) return `[=${rest}]`;
  return step.startsWith("i:") ? `[${rest}]` : `.${rest}`;
}

/** The order of FieldsV1: the node itself, fields, items by key, items of sets. */
export function compareSteps(a: string, b: string): number {
  const sort = order(a.charAt(0), b.charAt(0));
  if (sort !== 0 || !a.startsWith("k:") && !a.startsWith("v:")) return sort || order(a, b);
  if (isOneText(a) && isOneText(b)) return order(a, b);
  const [one, other] = [JSON.parse(a.slice(2)), JSON.parse(b.slice(2))];
  return a.startsWith("v:") ? order(one, other) : compareKeys(keysOf(one), keysOf(other));
}

/** The key is one field with text as its value, as most are: the texts of two such steps have their order. */
const isOneText = (step: string) => /^k:\{"\w+":"[^"\\\\]*"\}$/.test(step);

type Keys = readonly (readonly [string, unknown])[];

function compareKeys(a: Keys, b: Keys): number {
  for (let i = 0; i < a.length && i < b.length; i += 1) {
    const [name, value] = a[i]!;
    const [otherName, otherValue] = b[i]!;
    const found = order(name, otherName) || order(value, otherValue);
    if (found !== 0) return found;
  }
  return a.length - b.length;
}

/** Scalars of one type, which the keys of one list are. */
function order(a: unknown, b: unknown): number {
  if (a === b) return 0;
  return (a as string) < (b as string) ? -1 : 1;
}
