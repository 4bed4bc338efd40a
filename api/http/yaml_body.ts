import { type Document, LineCounter, type Pair, parseDocument, type YAMLMap } from "yaml";

/** Aliases that one YAML document may unfold: more is an attack. */
const ALIASES_MAX = 100;

/** What is dubious in a client's YAML is no warning of this process. Of a key that stands twice the last counts. */
const OPTIONS = { logLevel: "error", uniqueKeys: false } as const;

export interface YamlBody {
  readonly value: unknown;
  /** `line 10: key "paused" already set in map`, in the words of Go's reader */
  readonly again: readonly string[];
}

/** To be loaded when somebody sends some: the reader takes 9 MB. @throws {Error} when it is no YAML */
export function readYaml(text: string): YamlBody {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { ...OPTIONS, lineCounter });
  const [error] = document.errors;
  if (error !== undefined) throw error;
  const value: unknown = document.toJS({ maxAliasCount: ALIASES_MAX });
  return { value, again: againIn(document, lineCounter) };
}

interface Collection {
  readonly items: readonly unknown[];
}

/** What is inside a value stands before it, as in the order of reading. */
function againIn(document: Document.Parsed, lines: LineCounter): string[] {
  const found: string[] = [];
  const walk = (node: unknown): void => {
    if (!isCollection(node)) return;
    const names = new Set<unknown>();
    for (const item of node.items) {
      if (!isPair(item)) {
        walk(item);
        continue;
      }
      walk(item.value);
      const name = item.key?.value;
      if (names.has(name)) found.push(`line ${lineOf(item, lines)}: key ${shown(name)} ${SET}`);
      names.add(name);
    }
  };
  walk(document.contents);
  return found;
}

const SET = "already set in map";

interface Scalar {
  readonly value?: unknown;
  readonly range?: readonly number[];
}

/** Where its value begins. */
function lineOf({ key, value }: Pair<Scalar, Scalar>, lines: LineCounter): number {
  const at = value?.range?.[0] ?? key.range?.[0] ?? 0;
  return lines.linePos(at).line;
}

function shown(name: unknown): string {
  return JSON.stringify(name) ?? "";
}

function isCollection(node: unknown): node is Collection | YAMLMap {
  return typeof node === "object" && node !== null && "items" in node && Array.isArray(node.items);
}

function isPair(item: unknown): item is Pair<Scalar, Scalar> {
  return typeof item === "object" && item !== null && "key" in item && "value" in item &&
    !("items" in item);
}
