import assert from "node:assert/strict";
import { ownProgram } from "./own_program.ts";

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
