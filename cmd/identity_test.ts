import { equal } from "node:assert/strict";
import { apiServiceAddress } from "./identity.ts";

const FIRST: [string, string][] = [
  ["10.96.0.0/16", "10.96.0.1"],
  ["10.97.3.200/24", "10.97.3.1"],
  ["192.168.255.240/28", "192.168.255.241"],
  ["255.0.0.0/8", "255.0.0.1"],
];

for (const [range, want] of FIRST) {
  Deno.test(`identity: the API has the first address of ${range}`, () => {
    equal(apiServiceAddress(range), want);
  });
}
