import assert from "node:assert/strict";
import { selecting } from "./selecting.ts";

const SERVICES = [
  { name: "all", selector: {} },
  { name: "api", selector: { app: "web", tier: "back" } },
  { name: "none" },
  { name: "other", selector: { app: "db" } },
  { name: "web", selector: { app: "web" } },
].map(({ name, selector }) => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: selector === undefined ? {} : { selector },
}));

// deno-fmt-ignore
const CASES = [
  { name: "one pair",             labels: { app: "web" },                want: ["web"] },
  { name: "every pair must hold", labels: { tier: "back", app: "web" },  want: ["api", "web"] },
  { name: "another value",        labels: { app: "cache" },              want: [] },
  { name: "no labels",            labels: undefined,                     want: [] },
];

for (const { name, labels, want } of CASES) {
  Deno.test(`selecting: ${name}`, () => {
    assert.deepEqual(selecting(SERVICES, labels).map(({ metadata }) => metadata.name), want);
  });
}
