import assert from "node:assert/strict";
import { linesOf } from "./lines.ts";

// deno-fmt-ignore
const CASES = [
  { name: "one line in one chunk",            chunks: ["a\n"],                want: ["a"] },
  { name: "many lines in one chunk",          chunks: ["a\nb\nc\n"],          want: ["a", "b", "c"] },
  { name: "a line over three chunks",         chunks: ["a", "b", "c\n"],      want: ["abc"] },
  { name: "a newline that comes alone",       chunks: ["a", "\n", "b", "\n"], want: ["a", "b"] },
  { name: "empty lines are left out",         chunks: ["\n\na\n\n"],          want: ["a"] },
  { name: "an unfinished line is dropped",    chunks: ["a\nb"],               want: ["a"] },
];

for (const { name, chunks, want } of CASES) {
  Deno.test(`lines: ${name}`, async () => {
    assert.deepEqual(await read(chunks.map((chunk) => new TextEncoder().encode(chunk))), want);
  });
}

Deno.test("lines: a character may be cut anywhere", async () => {
  const bytes = new TextEncoder().encode("grün €\nnext\n");
  for (let cut = 1; cut < bytes.length; cut += 1) {
    const seen = await read([bytes.subarray(0, cut), bytes.subarray(cut)]);
    assert.deepEqual(seen, ["grün €", "next"]);
  }
});

async function read(chunks: Uint8Array[]): Promise<string[]> {
  const stream = ReadableStream.from(chunks) as ReadableStream<Uint8Array>;
  const seen: string[] = [];
  for await (const lines of linesOf(stream, new AbortController().signal)) seen.push(...lines);
  return seen;
}
