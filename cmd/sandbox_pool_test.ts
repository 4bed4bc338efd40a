import assert from "node:assert/strict";
import { HostCommands } from "../dataplane/host_commands.ts";
import { hasHostNames, HostNames } from "../dataplane/host_names.ts";
import { namesOf } from "../dataplane/names.ts";
import { missingPieces } from "../dataplane/pod_world_contract.ts";
import { openSandboxPool } from "./sandbox_pool.ts";

const missing = await missingPieces();
if (missing.length > 0) {
  console.log(`sandbox pool of size 0: skipped, this host lacks ${missing.join(", ")}`);
}
const names = namesOf("test-no-pool");
const commands = new HostCommands();

const CASES = [
  { name: "none are asked for", asked: 0, choice: "auto", says: [] },
  {
    name: "programs are kept out of the kernel",
    asked: "auto",
    choice: "nftables",
    says: ["--backend=nftables keeps programs out of the kernel"],
  },
] as const;

for (const { name, asked, choice, says } of CASES) {
  Deno.test(`sandbox pool: where ${name} the kernel is left alone`, async () => {
    const said: unknown[] = [];
    const log = (_message: string, figures?: Record<string, unknown>) => said.push(figures?.reason);
    const pool = await openSandboxPool(asked, { choice, names, commands, log });
    assert.equal(pool.settings, undefined);
    assert.deepEqual(said, says);
    assert.equal(await hasHostNames(names), false);
  });
}

Deno.test({
  name:
    "sandbox pool: of size 0 what an earlier agent named is named on, and nothing stays when nobody is",
  ignore: missing.length > 0,
  async fn() {
    const log = () => {};
    const place = { choice: "auto", names, commands, log } as const;
    try {
      const before = await HostNames.open({ names, commands, log });
      before.give("idle-1", "web-0");
      await before.close();
      const pool = await openSandboxPool(0, place);
      assert.deepEqual([...pool.settings?.names.known ?? []], [["idle-1", "web-0"]]);
      assert.equal(pool.settings?.size, 0);
      pool.settings?.names.forget("idle-1");
      await pool.close();
      assert.equal((await openSandboxPool(0, place)).settings, undefined);
      assert.equal(await hasHostNames(names), false);
    } finally {
      await Deno.remove(names.pins, { recursive: true }).catch(() => {});
    }
  },
});
