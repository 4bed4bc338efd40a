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

// deno-fmt-ignore
const YOUNG: readonly { command: string; young: string; want: string }[] = [
  { command: "master", young: "",   want: "4" },
  { command: "master", young: "16", want: "16" },
  { command: "agent",  young: "16", want: "2" },
];

for (const { command, young, want } of YOUNG) {
  Deno.test(`compile: a launcher's ${command} with WHERRY_YOUNG_MB="${young}" has ${want} MB of young objects`, async () => {
    const cache = await Deno.makeTempDir({ prefix: "wherry-test-" });
    try {
      const template = await Deno.readTextFile(new URL("./compile/launcher.sh", import.meta.url));
      const values = { version: "1.2.3", id: "unpacked", flags: "--young=$young" };
      await Deno.writeTextFile(`${cache}/wherry`, launcherFor(template, values));
      await Deno.mkdir(`${cache}/unpacked`);
      await Deno.writeTextFile(`${cache}/unpacked/deno`, '#!/bin/sh\necho "$@"\n', {
        mode: 0o755,
      });
      const { stdout } = await new Deno.Command("sh", {
        args: [`${cache}/wherry`, command],
        env: { WHERRY_CACHE: cache, WHERRY_YOUNG_MB: young },
      }).output();
      const line = new TextDecoder().decode(stdout);
      assert.match(line, new RegExp(`--young=${want} .*wherry\\.js ${command}\n$`));
    } finally {
      await Deno.remove(cache, { recursive: true });
    }
  });
}
