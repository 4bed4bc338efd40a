import assert from "node:assert/strict";
import { linkNameOf, namesOf } from "./names.ts";
import { planWiring, readPodLinks } from "./pod_links.ts";

const NAMES = namesOf("wherry");
const LINK = linkNameOf(NAMES, "u1");

Deno.test("planWiring: one batch for the host, one for the pod", () => {
  const { host, pod, link } = planWiring(NAMES, "u1", "10.198.0.5", {
    sandboxPid: 42,
    mtu: 1_450,
    nodeIp: "192.0.2.2",
  });
  assert.equal(link, LINK);
  assert.deepEqual(host.trimEnd().split("\n"), [
    `link add name ${LINK} address ee:ee:ee:ee:ee:ee mtu 1450 type veth peer name eth0 address 0a:58:0a:c6:00:05 mtu 1450 netns 42`,
    `link set dev ${LINK} addrgenmode none`,
    `link set dev ${LINK} alias wherry:pod:u1:10.198.0.5 up`,
    `neigh replace 10.198.0.5 lladdr 0a:58:0a:c6:00:05 dev ${LINK} nud permanent`,
    `route replace 10.198.0.5/32 dev ${LINK} scope link src 192.0.2.2`,
  ]);
  assert.deepEqual(pod.trimEnd().split("\n"), [
    "link set dev lo up",
    "link set dev eth0 addrgenmode none",
    "link set dev eth0 up",
    "address add 10.198.0.5/32 dev eth0",
    "neigh replace 169.254.1.1 lladdr ee:ee:ee:ee:ee:ee dev eth0 nud permanent",
    "route add 169.254.1.1 dev eth0 scope link",
    "route add default via 169.254.1.1 dev eth0",
  ]);
});

Deno.test("readPodLinks: finds the pods of this cluster, and nothing else", () => {
  const json = JSON.stringify([
    { ifname: LINK, ifalias: "wherry:pod:u1:10.198.0.5" },
    { ifname: LINK, ifalias: "other:pod:u1:10.198.0.6" },
    { ifname: "veth0", ifalias: "wherry:pod:u1:10.198.0.7" },
    { ifname: linkNameOf(NAMES, "u2"), ifalias: "wherry:pod:u2:nonsense" },
    { ifname: "veth1" },
    {},
  ]);
  assert.deepEqual(readPodLinks(NAMES, json), [{ uid: "u1", ip: "10.198.0.5", link: LINK }]);
  assert.deepEqual(readPodLinks(NAMES, ""), []);
});
