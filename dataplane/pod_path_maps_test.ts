import assert from "node:assert/strict";
import * as maps from "./pod_path_maps.ts";

const POD = { ip: "10.198.1.7", ifindex: 258, mac: "0a:58:0a:c6:01:07", isGuarded: true };

Deno.test("pod path maps: a pod as the kernel reads it, and back", () => {
  const { keys, values } = maps.encodePods([POD]);
  assert.deepEqual([...keys], [10, 198, 1, 7]);
  assert.deepEqual([...values], [2, 1, 0, 0, 0x0a, 0x58, 0x0a, 0xc6, 1, 7, 1, 0]);
  assert.deepEqual(maps.decodePods(keys, values, 1), [POD]);
});

Deno.test("pod path maps: ranges and single addresses, and back", () => {
  const cidrs = ["10.198.2.0/24", "192.0.2.1"];
  const bytes = maps.encodeRanges(cidrs);
  assert.deepEqual([...bytes.subarray(0, 8)], [24, 0, 0, 0, 10, 198, 2, 0]);
  assert.deepEqual(maps.decodeRanges(bytes, 2), cidrs);
});

Deno.test("pod path maps: the way to another node", () => {
  const peer = { cidr: "10.198.2.0/24", ifindex: 3, nextHop: "10.198.2.0" };
  assert.deepEqual([...maps.encodePeers([peer])], [3, 0, 0, 0, 10, 198, 2, 0]);
});

Deno.test("pod path maps: what is no address is refused", () => {
  assert.throws(() => maps.encodeAddresses(["fe80::1"]), /not an IPv4 address/);
});
