import assert from "node:assert/strict";
import { openKvLedger } from "./kv_ledger.ts";
import type { Ledger } from "./ledger.ts";
import { openOn, putting, randomFrom } from "./store_contract.ts";

/** How this file is started as the process that is to be killed. */
const AS_WRITER = "crash-writer";

const WRITERS = 16;
const ROUNDS = 4;

/** Writes as fast as it can, now and then a large one, and prints each answer: `key revision`. */
async function writeUntilKilled(path: string, round: string): Promise<void> {
  const store = await openOn({ open: () => openKvLedger(path) });
  const encoder = new TextEncoder();
  const write = async (writer: number): Promise<void> => {
    for (let n = 0;; n += 1) {
      const isNew = n % 3 > 0;
      const pad = "x".repeat(n % 20 === 7 ? 150_000 : 500);
      const name = isNew ? `r${round}-w${writer}-${n}` : `w${writer}`;
      const [version] = await store.commit(() => [putting(name, { pad, round })]);
      Deno.stdout.writeSync(encoder.encode(`${version?.key} ${version?.revision}\n`));
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
}

if (Deno.args[0] === AS_WRITER) await writeUntilKilled(Deno.args[1] ?? "", Deno.args[2] ?? "");

const startWriter = (path: string, round: number) =>
  new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--unstable-kv",
      "--no-check",
      import.meta.filename ?? "",
      AS_WRITER,
      path,
      `${round}`,
    ],
    stdout: "piped",
  }).spawn();

/** Kills the writer after so many answers. @returns all answers that it gave, whole lines only */
async function killAfter(count: number, writer: Deno.ChildProcess): Promise<[string, number][]> {
  let text = "";
  let isKilled = false;
  for await (const chunk of writer.stdout.pipeThrough(new TextDecoderStream())) {
    text += chunk;
    if (isKilled || text.split("\n").length <= count) continue;
    writer.kill("SIGKILL");
    isKilled = true;
  }
  await writer.status;
  return text.split("\n").slice(0, -1).map((line) => {
    const [key, revision] = line.split(" ");
    return [key ?? "", Number(revision)];
  });
}

Deno.test("crash: kill -9 loses no acknowledged write, doubles none, leaves no gap", async () => {
  const folder = await Deno.makeTempDir({ prefix: "wherry-crash-" });
  const path = `${folder}/store.db`;
  const random = randomFrom(Date.now());
  const acknowledged = new Map<number, string>();
  for (let round = 0; round < ROUNDS; round += 1) {
    const answers = await killAfter(50 + Math.floor(random() * 400), startWriter(path, round));
    for (const [key, revision] of answers) {
      assert.ok(!acknowledged.has(revision), `revision ${revision} was given twice`);
      acknowledged.set(revision, key);
    }
    const store = await openOn({ open: () => openKvLedger(path) });
    const history = new Map<number, string>();
    store.watch("", 0, (events) => {
      for (const { key, revision } of events) history.set(revision, key);
    });
    await Promise.resolve();
    assert.deepEqual([...history.keys()], Array.from({ length: store.revision }, (_, n) => n + 1));
    for (const [revision, key] of acknowledged) assert.equal(history.get(revision), key);
    for (const { key, revision, object } of store.list("")) {
      assert.equal(object.metadata.resourceVersion, String(revision));
      assert.equal(history.get(revision), key);
    }
    await store.close();
  }
  assert.ok(acknowledged.size > ROUNDS * 50);
  await Deno.remove(folder, { recursive: true });
});

Deno.test("crash: a second process on the file is refused with its path and the holder's pid", async () => {
  const folder = await Deno.makeTempDir({ prefix: "wherry-crash-" });
  const path = `${folder}/store.db`;
  const writer = startWriter(path, 0);
  const answers = writer.stdout.getReader();
  await answers.read();
  const refusal = await openKvLedger(path).then((ledger: Ledger) => ledger.close(), String);
  writer.kill("SIGKILL");
  await writer.status;
  await answers.cancel();
  assert.equal(refusal, `Error: Cannot open ${path}: process ${writer.pid} has it open`);
  await (await openKvLedger(path)).close();
  await Deno.remove(folder, { recursive: true });
});
