import assert from "node:assert/strict";
import { AGENT_MEMORY, ownProgram } from "./own_program.ts";

for (const unit of ["wherry-agent.service", "wherry-agent.conf"]) {
  Deno.test(`own program: deploy/${unit} bounds the agent's memory alike`, async () => {
    const text = await Deno.readTextFile(new URL(`../deploy/${unit}`, import.meta.url));
    for (const [name, value] of Object.entries(AGENT_MEMORY)) {
      assert.ok(text.includes(`${name}=${value}`), `${unit} lacks ${name}=${value}`);
    }
  });
}

// deno-fmt-ignore
const YOUNG: readonly { command: string; youngMb?: string; want: string }[] = [
  { command: "master",                want: "4" },
  { command: "master", youngMb: "16", want: "16" },
  { command: "hollow", youngMb: "32", want: "32" },
  { command: "agent",                 want: "2" },
  { command: "agent",  youngMb: "16", want: "2" },
];

for (const { command, youngMb, want } of YOUNG) {
  Deno.test(`own program: ${command}, asked for ${youngMb ?? "nothing"}, has ${want} MB of young objects`, () => {
    const { args } = ownProgram([command], youngMb);
    assert.ok(args.includes(`--v8-flags=--max-semi-space-size=${want}`), args.join(" "));
    assert.equal(args.at(-1), command);
  });
}

Deno.test("own program: WHERRY_YOUNG_MB asks for a master's young objects", () => {
  const before = Deno.env.get("WHERRY_YOUNG_MB");
  Deno.env.set("WHERRY_YOUNG_MB", "16");
  try {
    assert.ok(ownProgram(["master"]).args.includes("--v8-flags=--max-semi-space-size=16"));
  } finally {
    if (before === undefined) Deno.env.delete("WHERRY_YOUNG_MB");
    else Deno.env.set("WHERRY_YOUNG_MB", before);
  }
});
