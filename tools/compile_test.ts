import assert from "node:assert/strict";
import { launcherFor } from "./compile.ts";

Deno.test("compile: the launcher knows where it ends", () => {
  const values = { version: "1.2.3", id: "1.2.3-abc", flags: "--x" };
  for (const filling of ["", "x".repeat(75), "x".repeat(980)]) {
    const text = launcherFor(
      `# @VERSION@ @ID@ @FLAGS@${filling}\ntail -c +@OFFSET@\n# @END@\n`,
      values,
    );
    const offset = Number(/\+(\d+)/.exec(text)?.[1]);
    assert.equal(offset, text.length + 1);
    assert.ok(!text.includes("@"), text);
  }
});
