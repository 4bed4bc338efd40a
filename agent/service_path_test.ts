import assert from "node:assert/strict";
import { type ServicePath, servicePathCondition } from "./service_path.ts";

// deno-fmt-ignore
const CASES: { path: ServicePath; want: [string, string, string] }[] = [
  { path: { backend: "ebpf" },                                 want: ["True",  "Programmed",        "services go through ebpf"] },
  { path: { backend: "nftables", fallenBack: "no libbpf.so.1" }, want: ["True",  "FallenBack",        "services go through nftables: no libbpf.so.1"] },
  { path: { backend: "ebpf", trouble: "the map is full" },     want: ["False", "ProgrammingFailed", "services stay as they were: the map is full"] },
];
for (const { path, want } of CASES) {
  Deno.test(`servicePathCondition: ${want[1]}`, () => {
    const { status, reason, message } = servicePathCondition(path);
    assert.deepEqual([status, reason, message], want);
  });
}
