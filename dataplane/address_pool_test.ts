import assert from "node:assert/strict";
import { AddressPool } from "./address_pool.ts";

Deno.test("AddressPool: gives every address but the reserved ones, once", () => {
  const pool = new AddressPool("10.198.0.0/29");
  const given = Array.from({ length: pool.size }, () => pool.take());
  assert.deepEqual(given, ["10.198.0.2", "10.198.0.3", "10.198.0.4", "10.198.0.5", "10.198.0.6"]);
  assert.throws(() => pool.take(), /all 5 of 10.198.0.0\/29 are taken/);
});

Deno.test("AddressPool: an address that was just freed is the last to be given again", () => {
  const pool = new AddressPool("10.198.0.0/29");
  pool.release(pool.take());
  const next = Array.from({ length: 5 }, () => pool.take());
  assert.equal(next.at(-1), "10.198.0.2");
});

Deno.test("AddressPool: goes on behind what was in use before", () => {
  const pool = new AddressPool("10.198.0.0/29");
  for (const ip of ["10.198.0.3", "10.198.0.2", "192.0.2.1", "nonsense"]) pool.claim(ip);
  assert.equal(pool.take(), "10.198.0.4");
});

for (
  const cidr of ["10.198.0.0/31", "10.198.0.1/24", "10.198.0.0", "fd00::/64", "10.198.0.0/240"]
) {
  Deno.test(`AddressPool: refuses ${cidr}`, () => {
    assert.throws(() => new AddressPool(cidr), /Cannot/);
  });
}
