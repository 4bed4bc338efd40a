import assert from "node:assert/strict";
import { demultiplexed } from "./docker_streams.ts";

const WHOLE = Uint8Array.from([...frame(1, "one\n"), ...frame(2, "two\n"), ...frame(1, "three\n")]);

for (const size of [1, 3, 7, 8, 9, 1000]) {
  Deno.test(`demultiplexed: puts frames together from pieces of ${size} bytes`, async () => {
    assert.deepEqual(await linesOf(piecesOf(WHOLE, size)), {
      stdout: "one\nthree\n",
      stderr: "two\n",
    });
  });
}

Deno.test("demultiplexed: gives what a cut-off stream has sent", async () => {
  const cut = WHOLE.subarray(0, WHOLE.length - 2);
  assert.deepEqual(await linesOf(piecesOf(cut, 5)), { stdout: "one\nthre", stderr: "two\n" });
});

Deno.test("demultiplexed: an empty frame is nothing", async () => {
  const bytes = Uint8Array.from([...frame(1, ""), ...frame(1, "x")]);
  assert.deepEqual(await linesOf(piecesOf(bytes, 4)), { stdout: "x", stderr: "" });
});

function frame(stream: number, text: string): number[] {
  const bytes = new TextEncoder().encode(text);
  return [stream, 0, 0, 0, 0, 0, 0, bytes.length, ...bytes];
}

async function* piecesOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function linesOf(source: AsyncIterable<Uint8Array>) {
  const text = { stdout: "", stderr: "" };
  for await (const { stream, bytes } of demultiplexed(source)) {
    text[stream] += new TextDecoder().decode(bytes);
  }
  return text;
}
