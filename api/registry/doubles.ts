import { MISTAKES_MAX } from "../types/decode.ts";
import type { NamedField } from "../types/json_names.ts";

/** What a body says again of one and the same object; only the last of it counts. */
export type Doubles =
  /** Every field of the text, in its order. */
  | { readonly form: "JSON"; readonly fields: readonly NamedField[] }
  /** `line 10: key "paused" already set in map` */
  | { readonly form: "YAML"; readonly lines: readonly string[] };

/** Mistakes that `fieldValidation` is about, as a refusal lists them and as warnings say them. */
export interface Told {
  readonly refused: readonly string[];
  readonly warned: readonly string[];
}

/**
 * @param unknown `unknown field "spec.foo"`, in the order of the text
 * @param isTyped the text was read as an object of a type: what is unknown there counts once, and in its place
 * Source: the decoders of sigs.k8s.io/json and sigs.k8s.io/yaml
 */
export function toldOf(
  unknown: readonly string[],
  doubles: Doubles | undefined,
  isTyped: boolean,
): Told {
  if (doubles === undefined) return { refused: unknown, warned: unknown };
  if (doubles.form === "YAML") {
    const lines = doubles.lines.slice(0, MISTAKES_MAX);
    return {
      refused: [textOfLines(lines), ...unknown],
      warned: [...lines, ...unknown],
    };
  }
  const told = isTyped ? inPlace(unknown, doubles.fields) : [...again(doubles.fields), ...unknown];
  const some = told.slice(0, MISTAKES_MAX);
  return { refused: some, warned: some };
}

export function textOfLines(lines: readonly string[]): string {
  return ["yaml: unmarshal errors:", ...lines].join("\n  ");
}

function again(fields: readonly NamedField[]): string[] {
  return fields.filter(({ isAgain }) => isAgain)
    .map(({ path }) => `duplicate field ${JSON.stringify(path)}`);
}

function inPlace(unknown: readonly string[], fields: readonly NamedField[]): string[] {
  const left = new Set(unknown);
  const passedOver: string[] = [];
  const told: string[] = [];
  for (const { path, isAgain } of fields) {
    if (passedOver.some((one) => isAtOrBelow(path, one))) continue;
    const text = `unknown field ${JSON.stringify(path)}`;
    if (left.delete(text)) {
      told.push(text);
      passedOver.push(path);
    } else if (isAgain) told.push(`duplicate field ${JSON.stringify(path)}`);
  }
  return [...told, ...left];
}

function isAtOrBelow(path: string, above: string): boolean {
  return path === above || path.startsWith(`${above}.`) || path.startsWith(`${above}[`);
}
