import assert from "node:assert/strict";
import { type NameService, nameServiceCondition } from "./name_service.ts";

const address = "10.96.0.10";
// deno-fmt-ignore
const CASES: { names: NameService; want: [string, string, RegExp] }[] = [
  { names: { address },                                   want: ["True",  "Answered",     /the kernel and the agent answer names at 10\.96\.0\.10/] },
  { names: { address, fallenBack: "no libbpf.so.1" },     want: ["True",  "FallenBack",   /the agent alone .* at 10\.96\.0\.10: no libbpf\.so\.1/] },
  { names: { address, trouble: "another listens there" }, want: ["False", "NotAnswered",  /another listens there/] },
  { names: { address: undefined },                        want: ["True",  "LeftToOthers", /kube-dns leaves names to others/] },
];
for (const { names, want: [status, reason, message] } of CASES) {
  Deno.test(`nameServiceCondition: ${reason}`, () => {
    const condition = nameServiceCondition(names);
    assert.deepEqual([condition.status, condition.reason], [status, reason]);
    assert.match(condition.message ?? "", message);
  });
}
