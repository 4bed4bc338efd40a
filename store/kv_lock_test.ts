import assert from "node:assert/strict";
import { lockFile } from "./kv_lock.ts";

Deno.test("kv lock: a release holds although programs are being started at the same time", async () => {
  const folder = await Deno.makeTempDir({ prefix: "wherry-lock-" });
  const path = `${folder}/store.db`;
  let isOver = false;
  const startPrograms = async () => {
    while (!isOver) await new Deno.Command("/bin/true").output();
  };
  const programs = [startPrograms(), startPrograms()];
  try {
    for (let times = 0; times < 200; times += 1) {
      (await lockFile(path)).release();
    }
  } finally {
    isOver = true;
    await Promise.all(programs);
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("kv lock: the second of two is told who has it", async () => {
  const folder = await Deno.makeTempDir({ prefix: "wherry-lock-" });
  const path = `${folder}/store.db`;
  const lock = await lockFile(path);
  await assert.rejects(lockFile(path), new RegExp(`process ${Deno.pid} has it open`));
  lock.release();
  await Deno.remove(folder, { recursive: true });
});
