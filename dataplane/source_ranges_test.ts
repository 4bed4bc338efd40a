import assert from "node:assert/strict";
import { disjointRanges } from "./source_ranges.ts";

// deno-fmt-ignore
const CASES: { name: string; texts: string[]; want: string[] }[] = [
  { name: "are kept in order",          texts: ["192.0.2.0/24", "10.0.0.0/8"],               want: ["10.0.0.0/8", "192.0.2.0/24"] },
  { name: "lose their host bits",       texts: ["10.1.2.3/8", " 192.0.2.1/32 "],             want: ["10.0.0.0/8", "192.0.2.1/32"] },
  { name: "swallow those inside",       texts: ["10.1.0.0/16", "10.0.0.0/8", "10.0.0.0/9"],  want: ["10.0.0.0/8"] },
  { name: "may be everything",          texts: ["0.0.0.0/0", "10.0.0.0/8"],                  want: ["0.0.0.0/0"] },
  { name: "of other kinds are left out", texts: ["2001:db8::/64", "10.0.0.1", "a/8", "1.1.1.1/33"], want: [] },
];
for (const { name, texts, want } of CASES) {
  Deno.test(`disjointRanges: ranges ${name}`, () => assert.deepEqual(disjointRanges(texts), want));
}
