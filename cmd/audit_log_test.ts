import assert from "node:assert/strict";
import { AuditLog } from "./audit_log.ts";

Deno.test("audit log: lines in order, and a full file is put aside", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const path = `${folder}/audit.log`;
    const log = new AuditLog(path, () => {}, { bytesMax: 20 });
    for (const line of ["first", "second"]) log.write(line);
    await log.flushed();
    assert.equal(await Deno.readTextFile(path), "first\nsecond\n");
    log.write("a third one that is longer");
    await log.flushed();
    log.write("fourth");
    await log.flushed();
    assert.equal(await Deno.readTextFile(path), "fourth\n");
    assert.equal((await Deno.readTextFile(`${path}.1`)).split("\n").length, 4);
    assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("audit log: beyond what may wait lines are lost, and it is said how many", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const said: unknown[] = [];
    const log = new AuditLog(
      `${folder}/audit.log`,
      (message, figures) => said.push(message, figures),
    );
    for (let line = 0; line < 10_003; line += 1) log.write(String(line));
    await log.flushed();
    assert.deepEqual(said, ["The audit log lost lines", { lines: 3 }]);
    assert.equal((await Deno.readTextFile(`${folder}/audit.log`)).split("\n").length, 10_001);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
