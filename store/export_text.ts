/**
 * All of a ledger as text, so that it can be read, kept and taken over elsewhere. A line each, in this order:
 *
 *   {"format":"wherry-export/1","head":9,"compacted":2}
 *   {"key":"pods/default/web","revision":9} TAB the object's JSON                     every object that is there
 *   {"key":"pods/default/web","revision":9,"at":1700000000000,"replaced":4} TAB the JSON of what was replaced
 *   {"present":1,"changes":7}                                                     how many, so that no end is missed
 */
import type { Change, Loaded, Present, Revision } from "./ledger.ts";

const FORMAT = "wherry-export/1";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Lines of one group of what the ledger holds go out at once. */
export async function* exportText(content: Loaded): AsyncIterable<Uint8Array> {
  const { head, compacted, present, history } = content;
  const counts = { present: 0, changes: 0 };
  yield encoder.encode(`${JSON.stringify({ format: FORMAT, head, compacted })}\n`);
  for await (const group of present) {
    counts.present += group.length;
    yield encoder.encode(group.map(presentLine).join(""));
  }
  for await (const group of history) {
    counts.changes += group.length;
    yield encoder.encode(group.map(changeLine).join(""));
  }
  yield encoder.encode(`${JSON.stringify(counts)}\n`);
}

function presentLine({ key, revision, bytes }: Present): string {
  return `${JSON.stringify({ key, revision })}\t${decoder.decode(bytes)}\n`;
}

function changeLine({ key, revision, at, replaced }: Change): string {
  const head = JSON.stringify({ key, revision, at, replaced: replaced?.revision });
  return replaced === undefined ? `${head}\n` : `${head}\t${decoder.decode(replaced.bytes)}\n`;
}

/** @throws {Error} naming the line that is wrong, or that the end is missing */
export async function importText(bytes: AsyncIterable<Uint8Array>): Promise<Loaded> {
  const present: Present[] = [];
  const history: Change[] = [];
  let head: { head: Revision; compacted: Revision } | undefined;
  let isWhole = false;
  let number = 0;
  for await (const line of linesOf(bytes)) {
    number += 1;
    const { meta, value } = lineOf(line, number);
    if (head === undefined) head = headOf(meta);
    else if ("present" in meta) {
      isWhole = meta["present"] === present.length && meta["changes"] === history.length;
    } else if ("at" in meta) history.push(changeOf(meta, value, number));
    else present.push({ ...placeOf(meta, number), bytes: needed(value, number) });
  }
  if (head === undefined) throw new Error("it is empty");
  if (!isWhole) throw new Error(`it ends at line ${number} before it is whole`);
  return { ...head, present: once(present), history: once(history) };
}

type Meta = Readonly<{ [name: string]: unknown }>;

function lineOf(line: string, number: number): { meta: Meta; value: string | undefined } {
  const tab = line.indexOf("\t");
  try {
    const meta: unknown = JSON.parse(tab < 0 ? line : line.slice(0, tab));
    if (typeof meta === "object" && meta !== null) {
      return { meta: meta as Meta, value: tab < 0 ? undefined : line.slice(tab + 1) };
    }
  } catch {
    // Said below: what is wrong with it matters less than where it is.
  }
  throw new Error(`line ${number} is no line of an export`);
}

function headOf({ format, head, compacted }: Meta) {
  if (format !== FORMAT || typeof head !== "number" || typeof compacted !== "number") {
    throw new Error(`it does not begin as an export of ${FORMAT}`);
  }
  return { head, compacted };
}

function placeOf({ key, revision }: Meta, number: number) {
  if (typeof key === "string" && typeof revision === "number") return { key, revision };
  throw new Error(`line ${number} has no key and revision`);
}

function changeOf(meta: Meta, value: string | undefined, number: number): Change {
  const { at, replaced } = meta;
  const place = placeOf(meta, number);
  if (typeof at !== "number") throw new Error(`line ${number} has no time`);
  if (typeof replaced !== "number") return { ...place, at, replaced: undefined };
  return { ...place, at, replaced: { revision: replaced, bytes: needed(value, number) } };
}

function needed(value: string | undefined, number: number): Uint8Array {
  if (value !== undefined) return encoder.encode(value);
  throw new Error(`line ${number} has no object`);
}

async function* linesOf(chunks: AsyncIterable<Uint8Array>): AsyncIterable<string> {
  const stream = new TextDecoder();
  let rest = "";
  for await (const chunk of chunks) {
    const lines = (rest + stream.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  if (rest !== "") yield rest;
}

async function* once<T>(group: readonly T[]): AsyncIterable<readonly T[]> {
  await Promise.resolve();
  yield group;
}
