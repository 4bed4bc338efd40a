import assert from "node:assert/strict";
import { openKvLedger } from "./kv_ledger.ts";
import { type Medium, put, testLedger } from "./ledger_contract.ts";

async function inTemporaryFolder(): Promise<Medium & { path: string }> {
  const folder = await Deno.makeTempDir({ prefix: "wherry-ledger-" });
  const path = `${folder}/store.db`;
  return {
    path,
    open: () => openKvLedger(path),
    remove: () => Deno.remove(folder, { recursive: true }),
  };
}

testLedger("KvLedger", inTemporaryFolder);

Deno.test("KvLedger: a second opener is refused with path and pid, and gets it after the close", async () => {
  const { path, open, remove } = await inTemporaryFolder();
  const first = await open();
  await assert.rejects(open, {
    message: `Cannot open ${path}: process ${Deno.pid} has it open`,
  });
  await first.close();
  await (await open()).close();
  await remove();
});

Deno.test("KvLedger: only its owner may read the file", async () => {
  const { path, open, remove } = await inTemporaryFolder();
  await (await open()).close();
  for (const file of [path, `${path}.lock`]) {
    assert.equal(((await Deno.stat(file)).mode ?? 0) & 0o777, 0o600);
  }
  await remove();
});

Deno.test("KvLedger: a folder that is not there is named", async () => {
  await assert.rejects(() => openKvLedger("/nowhere/at/all/store.db"), {
    message: /^Cannot open \/nowhere\/at\/all\/store\.db\.lock: .*No such file/,
  });
});

Deno.test("KvLedger: a file that is no database is named, and its lock given back", async () => {
  const { path, open, remove } = await inTemporaryFolder();
  await Deno.writeTextFile(path, "no database ".repeat(1_000));
  for (let time = 0; time < 2; time += 1) {
    await assert.rejects(open, { message: new RegExp(`^Cannot open ${path}: .*not a database`) });
  }
  await remove();
});

Deno.test("KvLedger: a file of another format is refused", async () => {
  const { path, open, remove } = await inTemporaryFolder();
  await (await open()).close();
  const kv = await Deno.openKv(path);
  await kv.set(["format"], 2);
  kv.close();
  await assert.rejects(open, { message: /format 2, this program reads format 1/ });
  await remove();
});

Deno.test("KvLedger: the parts of an append that never ended are removed", async () => {
  const { path, open, remove } = await inTemporaryFolder();
  const ledger = await open();
  await ledger.append(0, [put("a", 1)]);
  await ledger.close();
  const left = await Deno.openKv(path);
  for (const number of [0, 1, 2]) await left.set(["parts", 2, 0, number], new Uint8Array(61_440));
  left.close();
  const again = await open();
  await again.load();
  const bytes = new Uint8Array(100_000).fill(9);
  await again.append(1, [{ ...put("b", 2), bytes }]);
  await again.close();
  const kv = await Deno.openKv(path);
  const parts = await Array.fromAsync(kv.list({ prefix: ["parts"] }));
  assert.equal(parts.length, 2);
  kv.close();
  await remove();
});
