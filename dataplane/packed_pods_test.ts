import assert from "node:assert/strict";
import { BACKEND_BYTES, encodeBackends } from "./maps.ts";
import { leadsTo, PackedPods, packedRule } from "./packed_pods.ts";
import type { PodAddress, ServiceRule } from "./rules.ts";

const PODS: readonly PodAddress[] = [
  { ip: "0.0.0.1", port: 1 },
  { ip: "10.1.0.2", port: 8080 },
  { ip: "255.254.253.252", port: 65_535 },
];

Deno.test("packed pods: the same pods in the same order, and the same bytes for the kernel", () => {
  const packed = new PackedPods(PODS);
  assert.equal(packed.length, 3);
  assert.deepEqual([...packed], PODS);
  assert.equal(encodeBackends(packed).length, 3 * BACKEND_BYTES);
  assert.deepEqual(encodeBackends(packed), encodeBackends(PODS));
  assert.deepEqual([...new PackedPods([])], []);
});

Deno.test("packed pods: thousands are no more than a long text", () => {
  const many = Array.from(
    { length: 50_000 },
    (_, i) => ({ ip: `10.1.${i >> 8}.${i & 255}`, port: 80 }),
  );
  assert.deepEqual([...new PackedPods(many)], many);
});

Deno.test("packed pods: a rule stays what it was, and says whether it leads to a pod", () => {
  const rule: ServiceRule = {
    ...{ name: "default/web:", protocol: "TCP", affinitySeconds: 7, wakes: true },
    frontends: [{ address: "10.96.0.1", port: 80, isExternal: false }],
    backends: PODS,
  };
  const packed = packedRule(rule);
  assert.deepEqual({ ...packed, backends: [...packed.backends] }, rule);
  // what stands in the second and third pod together is none
  for (
    const [ip, is] of [["10.1.0.2", true], ["0.2.31.144", false], ["10.1.0.3", false]] as const
  ) {
    assert.equal(leadsTo(packed, ip), is, ip);
    assert.equal(leadsTo(rule, ip), is, ip);
    assert.equal(leadsTo(packed, ip, 8080), is, ip);
    assert.equal(leadsTo(packed, ip, 8081), false, ip);
  }
});

Deno.test("packed pods: what is no IPv4 address is refused by its name", () => {
  assert.throws(() => new PackedPods([{ ip: "fd00::1", port: 1 }]), /fd00::1: it is not an IPv4/);
});
