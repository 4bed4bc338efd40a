import assert from "node:assert/strict";
import { endpoints as kind } from "./endpoints.ts";
import { prepared, refusals, rowOf } from "./kinds_fixture.ts";

const ips = (...last: number[]) => last.map((byte) => ({ ip: `10.244.0.${byte}` }));
const ports = [{ port: 80 }];

const COLUMNS: readonly { name: string; subsets: object[]; want: string }[] = [
  { name: "none", subsets: [], want: "<none>" },
  {
    name: "two",
    subsets: [{ addresses: ips(1, 2), ports }],
    want: "10.244.0.1:80,10.244.0.2:80",
  },
  {
    name: "more than three",
    subsets: [{ addresses: ips(1, 2, 3, 4), ports }],
    want: "10.244.0.1:80,10.244.0.2:80,10.244.0.3:80 + 1 more...",
  },
  { name: "without ports", subsets: [{ addresses: ips(1) }], want: "10.244.0.1" },
  { name: "none ready", subsets: [{ notReadyAddresses: ips(1), ports }], want: "" },
];
for (const { name, subsets, want } of COLUMNS) {
  Deno.test(`endpoints column: ${name}`, () => {
    const object = prepared(kind, { metadata: { name: "x" }, subsets });
    assert.equal(rowOf(kind, object)["Endpoints"], want);
  });
}

Deno.test("endpoints: refuses what can't be reached or told apart, all at once", () => {
  const subsets = [
    { addresses: [{ ip: "127.0.0.1" }, { ip: "10.0.0" }], ports: [{ port: 0 }, { port: 1 }] },
    { ports },
  ];
  assert.deepEqual(refusals(kind, { metadata: { name: "x" }, subsets }), [
    'subsets[0].addresses[0].ip: Invalid value: "127.0.0.1": may not be in the loopback range ' +
    "(127.0.0.0/8, ::1/128)",
    'subsets[0].addresses[1].ip: Invalid value: "10.0.0": must be a valid IP address, (e.g. ' +
    "10.9.8.7 or 2001:db8::ffff)",
    "subsets[0].ports[0].name: Required value",
    "subsets[0].ports[0].port: Required value",
    "subsets[0].ports[1].name: Required value",
    "subsets[1]: Required value: must specify `addresses` or `notReadyAddresses`",
  ]);
});
