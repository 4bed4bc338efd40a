/** The names of fields in a JSON text, which may say more than the value that it parses to: parsing keeps the last. */
import { isJsonObject, JSON_DEPTH_MAX } from "./json.ts";

/** A field as a text names it. */
export interface NamedField {
  /** `spec.containers[0].image` */
  readonly path: string;
  /** The same object has named it before. */
  readonly isAgain: boolean;
}

const [QUOTE, BACKSLASH, COLON] = [0x22, 0x5c, 0x3a];

/** Whether `bytes`, which parsed to `value`, name more fields than there are. Looks at each byte once. */
export function namesFieldsAgain(bytes: Uint8Array, value: unknown): boolean {
  return namesIn(bytes) > fieldsIn(value, 0);
}

/** Outside of its strings a colon in JSON ends a name. */
function namesIn(bytes: Uint8Array): number {
  let names = 0;
  for (let at = 0; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === COLON) names += 1;
    else if (byte === QUOTE) at = endOfString(bytes, at);
  }
  return names;
}

/** @returns where the closing quote is */
function endOfString(bytes: Uint8Array, quote: number): number {
  let at = quote + 1;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}

/** More than any text has, where the value is too deep to be an object: that is another's mistake to name. */
function fieldsIn(value: unknown, depth: number): number {
  if (depth > JSON_DEPTH_MAX) return Infinity;
  let fields = 0;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === "object") fields += fieldsIn(item, depth + 1);
  } else if (isJsonObject(value)) {
    for (const name in value) {
      const inner = value[name];
      fields += typeof inner === "object" ? 1 + fieldsIn(inner, depth + 1) : 1;
    }
  }
  return fields;
}

/** An object or list that the reader stands in. */
interface Frame {
  readonly path: string;
  /** Of an object: the names so far. */
  readonly names: Set<string> | undefined;
  /** Of a list: where in it. */
  index: number;
  /** Of an object: the field whose value comes next; "" while a name does. */
  field: string;
  isName: boolean;
}

/** Every name in `text`, which is JSON that could be parsed, in its order. */
export function fieldsNamedIn(text: string): NamedField[] {
  const fields: NamedField[] = [];
  const frames: Frame[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    const frame = frames.at(-1);
    if (char === "{" || char === "[") frames.push(frameBelow(frame, char === "{"));
    else if (char === "}" || char === "]") frames.pop();
    else if (char === "," && frame !== undefined) advance(frame);
    else if (char === '"') {
      const end = quoteAfter(text, at);
      if (frame?.isName) fields.push(named(frame, JSON.parse(text.slice(at, end + 1))));
      at = end;
    }
  }
  return fields;
}

function frameBelow(frame: Frame | undefined, isObject: boolean): Frame {
  const path = frame === undefined
    ? ""
    : frame.names === undefined
    ? `${frame.path}[${frame.index}]`
    : frame.field;
  const names = isObject ? new Set<string>() : undefined;
  return { path, names, index: 0, field: "", isName: isObject };
}

function advance(frame: Frame): void {
  frame.index += 1;
  frame.isName = frame.names !== undefined;
}

function named(frame: Frame, name: string): NamedField {
  const isAgain = frame.names!.has(name);
  frame.names!.add(name);
  frame.field = frame.path === "" ? name : `${frame.path}.${name}`;
  frame.isName = false;
  return { path: frame.field, isAgain };
}

function quoteAfter(text: string, quote: number): number {
  let at = quote + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at;
}
