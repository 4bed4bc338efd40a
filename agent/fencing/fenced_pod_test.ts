import assert from "node:assert/strict";
import type { Toleration } from "../../api/types/core_v1.ts";
import { toleratedSeconds, UNREACHABLE } from "./fenced_pod.ts";

// deno-fmt-ignore
const TOLERATED: { name: string; tolerations: Toleration[]; want: number }[] = [
  { name: "nothing said",               tolerations: [],                                                                                                want: 300 },
  { name: "as the API fills it in",     tolerations: [{ key: UNREACHABLE, operator: "Exists", effect: "NoExecute", tolerationSeconds: 300 }],             want: 300 },
  { name: "for ever",                   tolerations: [{ key: UNREACHABLE, operator: "Exists", effect: "NoExecute" }],                                     want: Infinity },
  { name: "everything",                 tolerations: [{ operator: "Exists" }],                                                                            want: Infinity },
  { name: "the shortest of several",    tolerations: [{ operator: "Exists", tolerationSeconds: 9 }, { key: UNREACHABLE, operator: "Exists", tolerationSeconds: 5 }], want: 5 },
  { name: "another taint",              tolerations: [{ key: "other", operator: "Exists" }],                                                              want: 300 },
  { name: "another effect",             tolerations: [{ key: UNREACHABLE, operator: "Exists", effect: "NoSchedule" }],                                    want: 300 },
];
for (const { name, tolerations, want } of TOLERATED) {
  Deno.test(`fence: a silent node is tolerated: ${name}`, () => {
    assert.equal(toleratedSeconds({ ...POD, spec: { containers: [], tolerations } }), want);
  });
}

const POD = { apiVersion: "v1", kind: "Pod", metadata: { name: "p" } };
