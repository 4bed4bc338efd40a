import { equal } from "node:assert/strict";
import { addressOf, defaultRouteLink } from "./host_defaults.ts";

const TABLE = [
  "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT",
  "wlan0\t00000000\t010200C0\t0003\t0\t0\t600\t00000000\t0\t0\t0",
  "eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0",
  "eth1\t000200C0\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0",
].join("\n");

Deno.test("host defaults: the default route with the smallest metric leads out", () => {
  equal(defaultRouteLink(TABLE), "eth0");
  equal(defaultRouteLink(""), undefined);
});

Deno.test("host defaults: the address is that of the link, or the loopback's", () => {
  const links = [
    { name: "eth0", family: "IPv6" as const, address: "2001:db8::1" },
    { name: "eth0", family: "IPv4" as const, address: "192.0.2.7" },
  ];
  equal(addressOf("eth0", links), "192.0.2.7");
  equal(addressOf(undefined, links), "127.0.0.1");
});
