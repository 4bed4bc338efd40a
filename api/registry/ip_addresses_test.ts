import assert from "node:assert/strict";
import { formatIpv4, parseIpv4, readCidr, validateIp } from "./ip_addresses.ts";

const ADDRESSES: readonly [text: string, isRight: boolean][] = [
  ["10.96.0.1", true],
  ["255.255.255.255", true],
  ["256.0.0.1", false],
  ["01.2.3.4", false],
  ["1.2.3", false],
  ["::1", true],
  ["2001:db8::ffff", true],
  ["::ffff:10.0.0.1", true],
  ["1:2:3:4:5:6:7:8", true],
  ["1:2:3:4:5:6:7", false],
  ["1::2::3", false],
  [":1", false],
  ["", false],
  ["web", false],
];
for (const [text, isRight] of ADDRESSES) {
  Deno.test(`addresses: ${JSON.stringify(text)} is ${isRight ? "one" : "none"}`, () => {
    assert.equal(validateIp(text).length === 0, isRight);
  });
}

Deno.test("addresses: numbers and text say the same, up to the highest", () => {
  for (const text of ["0.0.0.0", "10.244.3.7", "255.255.255.255"]) {
    assert.equal(formatIpv4(parseIpv4(text) ?? -1), text);
  }
});

const RANGES: readonly [text: string, want: readonly [base: string, size: number] | undefined][] = [
  ["10.96.0.0/12", ["10.96.0.0", 1 << 20]],
  ["10.96.3.4/16", ["10.96.0.0", 65536]],
  ["0.0.0.0/0", ["0.0.0.0", 2 ** 32]],
  ["10.0.0.1/32", ["10.0.0.1", 1]],
  ["10.0.0.0/33", undefined],
  ["10.0.0.0", undefined],
  ["10.0.0.0/", undefined],
  ["10.0.0.0/8/8", undefined],
];
for (const [text, want] of RANGES) {
  Deno.test(`ranges: ${text}`, () => {
    const cidr = readCidr(text);
    assert.deepEqual(cidr && [formatIpv4(cidr.base), cidr.size], want);
  });
}
