import assert from "node:assert/strict";
import { decodeHeld, decodeStandIns, encodeHostName, encodeStandIn } from "./host_name_maps.ts";

Deno.test("host name maps: a name has zeros behind it", () => {
  const standIn = encodeStandIn("idle-1");
  assert.equal(standIn.length, 32);
  assert.deepEqual([...standIn.subarray(0, 8)], [105, 100, 108, 101, 45, 49, 0, 0]);
  assert.equal(encodeHostName("web-0").length, 68);
});

const REFUSED: readonly [what: string, encode: (name: string) => unknown, name: string][] = [
  ["a stand-in without a zero behind it", encodeStandIn, "a".repeat(32)],
  ["no stand-in at all", encodeStandIn, ""],
  ["a host name that the kernel does not take", encodeHostName, "a".repeat(65)],
  ["no host name at all", encodeHostName, ""],
];
for (const [what, encode, name] of REFUSED) {
  Deno.test(`host name maps: ${what} is refused`, () => {
    assert.throws(() => encode(name), /^RangeError: Cannot use host name ".*": it has 1 to /);
  });
}

Deno.test("host name maps: what was written is read again", () => {
  const names: [string, string][] = [["idle-1", "web-0"], ["b".repeat(31), "c".repeat(64)]];
  const keys = Uint8Array.from(names.flatMap(([standIn]) => [...encodeStandIn(standIn)]));
  const values = Uint8Array.from(names.flatMap(([, name]) => [...encodeHostName(name)]));
  assert.deepEqual([...decodeStandIns(names.length, keys, values)], names);
});

Deno.test("host name maps: a process that is told of has its number, its name, and whether it waits", () => {
  const bytes = new Uint8Array(40);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 4711, true);
  bytes.set(encodeStandIn("idle-1"), 8);
  assert.deepEqual(decodeHeld(bytes), { pid: 4711, standIn: "idle-1", isStopped: true });
  view.setInt32(4, -1, true);
  assert.equal(decodeHeld(bytes).isStopped, false);
});
