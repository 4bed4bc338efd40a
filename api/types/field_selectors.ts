/** Field selectors: `metadata.name=web,status.phase!=Failed`. Source of the grammar: k8s.io/apimachinery, fields.ParseSelector. */
import { StatusError } from "./status.ts";

export interface FieldTerm {
  readonly field: string;
  readonly isEqual: boolean;
  readonly value: string;
}

export interface FieldSelector {
  readonly terms: readonly FieldTerm[];
  /** True when every object matches. */
  readonly isEmpty: boolean;
  /** @param get the text of a field, "" where the object has none */
  matches(get: (field: string) => string): boolean;
  /** The value that the field must equal, where the selector says so: one object's name, one node's pods. */
  exactly(field: string): string | undefined;
  toString(): string;
}

/** Longest selector that is read: a URL is no longer. */
const SELECTOR_MAX = 32_768;

/**
 * Reads the text of `?fieldSelector=`; the empty text, and empty terms, match everything. `\` escapes itself,
 * a comma and an equals sign in values.
 * @param isKnown whether the kind can select by the field
 * @throws {StatusError} BadRequest, in Kubernetes's words
 */
export function parseFieldSelector(
  text: string,
  isKnown: (field: string) => boolean = () => true,
): FieldSelector {
  if (text.length > SELECTOR_MAX) {
    throw bad(`the selector is longer than ${SELECTOR_MAX} characters`);
  }
  const terms = splitTerms(text).filter((term) => term !== "").map((term) => parseTerm(term, text));
  const unknown = terms.find(({ field }) => !isKnown(field));
  if (unknown !== undefined) throw bad(`field label not supported: ${unknown.field}`);
  return {
    terms,
    isEmpty: terms.length === 0,
    matches: (get) =>
      terms.every(({ field, isEqual, value }) => (get(field) === value) === isEqual),
    exactly: (wanted) => terms.find(({ field, isEqual }) => isEqual && field === wanted)?.value,
    toString: () => terms.map(textOf).join(","),
  };
}

/** At commas that no backslash escapes. */
function splitTerms(text: string): string[] {
  const terms: string[] = [];
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === ",") {
      terms.push(text.slice(from, i));
      from = i + 1;
    }
  }
  return [...terms, text.slice(from)];
}

function parseTerm(term: string, selector: string): FieldTerm {
  const match = /^(.*?)(!=|==|=)(.*)$/s.exec(term);
  if (match === null) {
    throw bad(`invalid selector: '${selector}'; can't understand '${term}'`);
  }
  const [, field = "", operator, value = ""] = match;
  return { field, isEqual: operator !== "!=", value: unescape(value) };
}

function unescape(value: string): string {
  if (!/[\\,=]/.test(value)) return value;
  return value.replaceAll(/\\(.?)|[,=]/gs, (found, escaped: string | undefined) => {
    if (escaped !== undefined && /^[\\,=]$/.test(escaped)) return escaped;
    if (found.startsWith("\\")) {
      throw bad(`invalid field selector: invalid escape sequence: ${found}`);
    }
    throw bad(`invalid field selector: unescaped character in value: ${found}`);
  });
}

function textOf({ field, isEqual, value }: FieldTerm): string {
  return `${field}${isEqual ? "=" : "!="}${value.replaceAll(/[\\,=]/g, "\\$&")}`;
}

const bad = (message: string) => new StatusError("BadRequest", message);
