import assert from "node:assert/strict";
import { namesOf } from "./names.ts";
import { readUplinks } from "./uplinks.ts";

Deno.test("uplinks: what carries Ethernet and an address of IPv4, but for the cluster's own", () => {
  const names = namesOf("test");
  const inet = [{ family: "inet", local: "192.0.2.1" }];
  const links = [
    { ifname: "lo", link_type: "loopback", addr_info: inet },
    { ifname: "eth0", link_type: "ether", addr_info: inet },
    { ifname: "eth1", link_type: "ether", addr_info: [{ family: "inet6", local: "fe80::1" }] },
    { ifname: "tun0", link_type: "none", addr_info: inet },
    { ifname: `${names.linkPrefix}dns`, link_type: "ether", addr_info: inet },
    { ifname: "docker0", link_type: "ether", addr_info: inet },
  ];
  assert.deepEqual(readUplinks(names, JSON.stringify(links)), ["eth0", "docker0"]);
  assert.deepEqual(readUplinks(names, ""), []);
});
