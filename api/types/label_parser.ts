/** The grammar of label selectors. Source of the grammar and its messages: k8s.io/apimachinery, labels.Parse. */
import { validateLabelValue, validateQualifiedName } from "./names.ts";
import { StatusError } from "./status.ts";

export type LabelOperator = "=" | "==" | "!=" | "in" | "notin" | "exists" | "!" | ">" | "<";

export interface Requirement {
  readonly key: string;
  readonly operator: LabelOperator;
  readonly values: readonly string[];
}

/** Longest selector that is read: a URL is no longer. */
export const SELECTOR_MAX = 32_768;

/** What `>` and `<` compare: an int64, give or take. */
export const INTEGER = /^[+-]?\d{1,19}$/;

const SYMBOLS = new Set([")", ",", "!", "==", "=", "!=", "(", ">", "<"]);
const TOKEN = /\s*(==|!=|[=!(),<>]|[^\s=!(),<>]+)/gy;
const BINARY = "in, notin, =, ==, !=, gt, lt";

/** @throws {StatusError} BadRequest */
export function parseRequirements(text: string): Requirement[] {
  if (text.length > SELECTOR_MAX) {
    throw bad(`the selector is longer than ${SELECTOR_MAX} characters`);
  }
  const tokens = new Tokens(text);
  const requirements: Requirement[] = [];
  if (tokens.next === "") return requirements;
  while (true) {
    if (!isIdentifier(tokens.next) && tokens.next !== "!") {
      throw bad(`found '${tokens.next}', expected: !, identifier, or 'end of string'`);
    }
    requirements.push(parseRequirement(tokens));
    const separator = tokens.take();
    if (separator === "") return requirements;
    if (separator !== ",") {
      throw bad(`found '${separator}', expected: ',' or 'end of string'`);
    }
    if (!isIdentifier(tokens.next) && tokens.next !== "!") {
      throw bad(`found '${tokens.next}', expected: identifier after ','`);
    }
  }
}

/** "" is the end of the text. */
class Tokens {
  readonly #tokens: string[];
  #at = 0;
  constructor(text: string) {
    this.#tokens = Array.from(text.matchAll(TOKEN), ([, token]) => token!);
  }
  get next(): string {
    return this.#tokens[this.#at] ?? "";
  }
  take(): string {
    return this.#tokens[this.#at++] ?? "";
  }
}

const isIdentifier = (token: string) => token !== "" && !SYMBOLS.has(token);

function parseRequirement(tokens: Tokens): Requirement {
  const isNegated = tokens.next === "!";
  if (isNegated) tokens.take();
  const key = tokens.take();
  if (!isIdentifier(key)) throw unreadable(`found '${key}', expected: identifier`);
  const reasons = validateQualifiedName(key);
  if (reasons.length > 0) throw unreadable(invalidText("<nil>", key, reasons));
  if (isNegated) return { key, operator: "!", values: [] };
  if (tokens.next === "" || tokens.next === ",") return { key, operator: "exists", values: [] };
  const operator = parseOperator(tokens);
  const isSet = operator === "in" || operator === "notin";
  const values = isSet ? parseSet(tokens) : [parseExactValue(tokens)];
  rejectValues(key, operator, values);
  return { key, operator, values };
}

function parseOperator(tokens: Tokens): LabelOperator {
  const token = tokens.take();
  switch (token) {
    case "=":
    case "==":
    case "!=":
    case "in":
    case "notin":
    case ">":
    case "<":
      return token;
    default:
      throw unreadable(`found '${token}', expected: ${BINARY}`);
  }
}

function parseExactValue(tokens: Tokens): string {
  if (tokens.next === "" || tokens.next === ",") return "";
  const token = tokens.take();
  if (!isIdentifier(token)) throw unreadable(`found '${token}', expected: identifier`);
  return token;
}

/** `(a,b)`; what is missing, between commas or in `()`, is the empty value. */
function parseSet(tokens: Tokens): string[] {
  const open = tokens.take();
  if (open !== "(") throw unreadable(`found '${open}' expected: '('`);
  if (!isIdentifier(tokens.next) && tokens.next !== "," && tokens.next !== ")") {
    throw unreadable(`found '${tokens.next}', expected: ',', ')' or identifier`);
  }
  const values = new Set<string>();
  while (parseSetValue(tokens, values) === ",");
  return [...values].toSorted();
}

/** @returns the token that follows the value: a comma or the closing parenthesis */
function parseSetValue(tokens: Tokens, values: Set<string>): string {
  const isValue = isIdentifier(tokens.next);
  values.add(isValue ? tokens.take() : "");
  const token = tokens.take();
  if (token === "," || token === ")") return token;
  const expected = isValue ? "',' or ')'" : "',', or identifier";
  throw unreadable(`found '${token}', expected: ${expected}`);
}

function rejectValues(key: string, operator: LabelOperator, values: readonly string[]): void {
  for (const [i, value] of values.entries()) {
    if ((operator === ">" || operator === "<") && !INTEGER.test(value)) {
      const detail = "for 'Gt', 'Lt' operators, the value must be an integer";
      throw unreadable(invalidText(`values[${i}]`, value, [detail]));
    }
    const reasons = validateLabelValue(value);
    if (reasons.length > 0) throw unreadable(invalidText(`values[${i}][${key}]`, value, reasons));
  }
}

function invalidText(path: string, value: string, reasons: readonly string[]): string {
  return `${path}: Invalid value: ${JSON.stringify(value)}: ${reasons.join("; ")}`;
}

const bad = (message: string) => new StatusError("BadRequest", message);
const unreadable = (why: string) => bad(`unable to parse requirement: ${why}`);
