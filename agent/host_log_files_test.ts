import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { appendFile, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { realClock } from "../cmd/clock.ts";
import { DiskLogFiles } from "./host_log_files.ts";

// deno-fmt-ignore
const TAILS = [
  { name: "everything, the oldest first", tailLines: undefined, want: "a\nb\nc\nd\ne\n" },
  { name: "nothing",                      tailLines: 0,         want: "" },
  { name: "a line of the newest",         tailLines: 1,         want: "e\n" },
  { name: "all of the newest",            tailLines: 2,         want: "d\ne\n" },
  { name: "across two files",             tailLines: 3,         want: "c\nd\ne\n" },
  { name: "more than there is",           tailLines: 9,         want: "a\nb\nc\nd\ne\n" },
];
for (const { name, tailLines, want } of TAILS) {
  Deno.test(`DiskLogFiles: ${name}`, () =>
    inFolder(async (path) => {
      await writeFile(`${path}.2`, "a\nb\n");
      await writeFile(`${path}.1`, "c\n");
      await writeFile(path, "d\ne\n");
      const ended = Promise.resolve();
      const signal = new AbortController().signal;
      const tail = tailLines === undefined ? {} : { tailLines };
      let text = "";
      for await (
        const block of new DiskLogFiles(realClock).read(path, {
          follow: false,
          ended,
          signal,
          ...tail,
        })
      ) text += Buffer.from(block).toString();
      assert.equal(text, want);
    }));
}

Deno.test("DiskLogFiles: who follows loses nothing while the log is rotated, and hears the end", () =>
  inFolder(async (path) => {
    const LINES = 3_000;
    await writeFile(path, "");
    const over = Promise.withResolvers<void>();
    const { signal } = new AbortController();
    const options = { follow: true, ended: over.promise, signal };
    const blocks = new DiskLogFiles(realClock).read(path, options);
    const reading = (async () => {
      let text = "";
      for await (const block of blocks) text += Buffer.from(block).toString();
      return text;
    })();
    for (let i = 1; i <= LINES; i += 1) {
      await appendFile(path, `${i}\n`);
      if (i % 500 === 0) await rotate(path);
      // slower than the reader looks, so that it is never two files behind
      if (i % 250 === 0) await realClock.sleep(120);
    }
    over.resolve();
    const want = Array.from({ length: LINES }, (_, i) => `${i + 1}\n`).join("");
    assert.equal(await reading, want);
  }));

/** As Docker does it, with three files. */
async function rotate(path: string): Promise<void> {
  await rm(`${path}.2`, { force: true });
  await rename(`${path}.1`, `${path}.2`).catch(() => {});
  await rename(path, `${path}.1`);
  await writeFile(path, "");
}

async function inFolder(body: (path: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "logs-"));
  try {
    await body(join(folder, "c-json.log"));
  } finally {
    await rm(folder, { recursive: true });
  }
}
