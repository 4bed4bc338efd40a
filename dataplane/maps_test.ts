import assert from "node:assert/strict";
import * as maps from "./maps.ts";

const HEADER = await Deno.readTextFile(new URL("./bpf/service_lb.h", import.meta.url));

Deno.test("maps: limits and sizes are those of service_lb.h", () => {
  const define = (name: string) => Number(HEADER.match(new RegExp(`#define ${name} (\\d+)`))?.[1]);
  const size = (name: string) =>
    Number(HEADER.match(new RegExp(`sizeof\\(struct ${name}\\) == (\\d+)`))?.[1]);
  assert.deepEqual(
    [
      "FRONTENDS_MAX",
      "BACKENDS_MAX",
      "SERVICES_MAX",
      "NODE_ADDRESSES_MAX",
      "SLEEPERS_MAX",
      "COUNTED_BACKENDS_MAX",
    ]
      .map(define),
    [
      maps.FRONTENDS_MAX,
      maps.BACKENDS_MAX,
      maps.SERVICES_MAX,
      maps.NODE_ADDRESSES_MAX,
      maps.SLEEPERS_MAX,
      maps.COUNTED_BACKENDS_MAX,
    ],
  );
  assert.deepEqual(
    [
      "frontend_key",
      "service",
      "backend",
      "counters",
      "sleeper",
      "counted_backend",
      "backend_counters",
    ].map(size),
    [
      maps.FRONTEND_KEY_BYTES,
      maps.SERVICE_BYTES,
      maps.BACKEND_BYTES,
      maps.COUNTERS_BYTES,
      maps.SLEEPER_BYTES,
      maps.COUNTED_BACKEND_BYTES,
      maps.BACKEND_COUNTERS_BYTES,
    ],
  );
});

Deno.test("maps: a frontend is address, port, protocol and scope in network order", () => {
  const keys = [
    maps.frontendKeyOf("TCP", { address: "255.0.0.1", port: 443, isExternal: false }),
    maps.frontendKeyOf("UDP", { port: 65_535, isExternal: true }),
  ];
  const bytes = maps.encodeFrontendKeys(keys);
  assert.deepEqual([...bytes], [255, 0, 0, 1, 1, 187, 6, 0, 0, 0, 0, 0, 255, 255, 17, 1]);
  assert.deepEqual([0, 1].map((i) => maps.decodeFrontendKey(bytes, i)), keys);
});

Deno.test("maps: a service is six words in host order", () => {
  const value = { id: 1, generation: 2, first: 300, count: 4, affinitySeconds: 5, flags: 6 };
  const bytes = maps.encodeServices([value]);
  assert.deepEqual([...bytes], [
    1,
    0,
    0,
    0,
    2,
    0,
    0,
    0,
    44,
    1,
    0,
    0,
    4,
    0,
    0,
    0,
    5,
    0,
    0,
    0,
    6,
    0,
    0,
    0,
  ]);
  assert.deepEqual(maps.decodeService(bytes, 0), value);
});

Deno.test("maps: a backend is address and port in network order", () => {
  const bytes = maps.encodeBackends([{ ip: "10.1.0.2", port: 8080 }]);
  assert.deepEqual([...bytes], [10, 1, 0, 2, 31, 144, 0, 0]);
  assert.throws(() => maps.encodeBackends([{ ip: "::1", port: 1 }]), /not an IPv4 address/);
});

Deno.test("maps: addresses come back as they went in", () => {
  const addresses = ["192.0.2.2", "10.0.0.1"];
  assert.deepEqual(maps.decodeAddresses(maps.encodeAddresses(addresses), 2), addresses);
});

Deno.test("maps: a sleeper is its holder, and never told of yet", () => {
  const bytes = maps.encodeSleepers([{ ip: "10.1.0.2", port: 8080 }, undefined]);
  const none = [0, 0, 0, 0, 0, 0, 0, 0];
  assert.deepEqual([...bytes], [10, 1, 0, 2, 31, 144, 0, 0, ...none, ...none, ...none]);
});

Deno.test("maps: ids come back as they went in", () => {
  assert.deepEqual(maps.decodeIds(maps.encodeIds([7, 70_000]), 2), [7, 70_000]);
});
