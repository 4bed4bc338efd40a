import assert from "node:assert/strict";
import { namesOf } from "./names.ts";
import {
  type OverlayRoute,
  type OverlayState,
  type OverlayWish,
  planOverlay,
  planOverlayRemoval,
} from "./overlay_plan.ts";

const NAMES = namesOf("wherry");
const { overlayLink: LINK, overlayId: ID, overlayTable: TABLE } = NAMES;
const MAC = { one: "0a:59:0a:f4:01:00", two: "0a:59:0a:f4:02:00", three: "0a:59:0a:f4:03:00" };

const SELF = { name: "one", address: "192.0.2.1", podCidr: "10.244.1.0/24" };
const TWO = { name: "two", address: "192.0.2.2", podCidr: "10.244.2.0/24" };
const THREE = { name: "three", address: "192.0.2.3", podCidr: "10.244.3.0/24" };

/** MAC of frames that carry a client to another node. */
function sentOn(mac: string): string {
  return mac.replace("0a:59", "0a:5a");
}

function entriesOf(mac: string, address: string): string[] {
  return [mac, sentOn(mac)].map((each) =>
    `fdb replace ${each} dev ${LINK} dst ${address} self permanent`
  );
}

const NOTHING: OverlayState = {
  link: undefined,
  neighbours: new Map(),
  forwarding: new Map(),
  podRoutes: [],
  nodeRoutes: [],
  rules: [],
};

/** What a node with the peer `two` has. */
const JOINED: OverlayState = {
  link: { mac: MAC.one, mtu: 1450, id: ID, local: "192.0.2.1", port: 8472, isUp: true },
  neighbours: new Map([["10.244.2.0", MAC.two]]),
  forwarding: new Map([[MAC.two, "192.0.2.2"], [sentOn(MAC.two), "192.0.2.2"]]),
  podRoutes: [{ to: "10.244.2.0/24", via: "10.244.2.0", dev: LINK, src: "192.0.2.1" }],
  nodeRoutes: [{ to: "192.0.2.2", via: "10.244.2.0", dev: LINK, src: "" }],
  rules: ["10.244.1.0/24"],
};
const PLAIN: OverlayRoute = {
  to: "10.244.2.0/24",
  via: "192.0.2.2",
  dev: "eth0",
  src: "192.0.2.1",
};

const LAID = {
  link: [
    `link add name ${LINK} address ${MAC.one} mtu 1450 type vxlan id ${ID} local 192.0.2.1 dstport 8472 nolearning`,
    `link set dev ${LINK} addrgenmode none`,
    `link set dev ${LINK} alias wherry:overlay up`,
  ],
  toTwo: [
    `neigh replace 10.244.2.0 lladdr ${MAC.two} dev ${LINK} nud permanent`,
    `route replace 10.244.2.0/24 via 10.244.2.0 dev ${LINK} onlink src 192.0.2.1 proto 133`,
    `route replace 192.0.2.2 via 10.244.2.0 dev ${LINK} onlink proto 133 table ${TABLE}`,
  ],
  fdbTwo: entriesOf(MAC.two, "192.0.2.2"),
  rule: `rule add from 10.244.1.0/24 lookup ${TABLE} priority 30000`,
};

const CASES: {
  name: string;
  wish?: Partial<OverlayWish>;
  state: OverlayState;
  ip: string[];
  bridge?: string[];
}[] = [
  { name: "a node alone needs nothing", wish: { peers: [] }, state: NOTHING, ip: [] },
  {
    name: "the first peer brings the link and the way to it",
    state: NOTHING,
    ip: [...LAID.link, ...LAID.toTwo, LAID.rule],
    bridge: LAID.fdbTwo,
  },
  { name: "what is there stays as it is", state: JOINED, ip: [] },
  {
    name: "one more peer costs five entries",
    wish: { peers: [TWO, THREE] },
    state: JOINED,
    ip: [
      `neigh replace 10.244.3.0 lladdr ${MAC.three} dev ${LINK} nud permanent`,
      `route replace 10.244.3.0/24 via 10.244.3.0 dev ${LINK} onlink src 192.0.2.1 proto 133`,
      `route replace 192.0.2.3 via 10.244.3.0 dev ${LINK} onlink proto 133 table ${TABLE}`,
    ],
    bridge: entriesOf(MAC.three, "192.0.2.3"),
  },
  {
    name: "a peer with another address keeps its range and MAC",
    wish: { peers: [{ ...TWO, address: "192.0.2.22" }] },
    state: JOINED,
    ip: [
      `route del 192.0.2.2 proto 133 table ${TABLE}`,
      `route replace 192.0.2.22 via 10.244.2.0 dev ${LINK} onlink proto 133 table ${TABLE}`,
    ],
    bridge: entriesOf(MAC.two, "192.0.2.22"),
  },
  {
    name: "our own new address takes a new link, and all that hung on the old one",
    wish: { self: { ...SELF, address: "192.0.2.9" } },
    state: JOINED,
    ip: [
      `link del dev ${LINK}`,
      ...LAID.link.map((line) => line.replace("192.0.2.1", "192.0.2.9")),
      ...LAID.toTwo.map((line) => line.replace("src 192.0.2.1", "src 192.0.2.9")),
    ],
    bridge: LAID.fdbTwo,
  },
  {
    name: "a peer that is gone leaves nothing",
    wish: { peers: [THREE] },
    state: JOINED,
    ip: [
      `neigh replace 10.244.3.0 lladdr ${MAC.three} dev ${LINK} nud permanent`,
      `neigh del 10.244.2.0 dev ${LINK}`,
      "route del 10.244.2.0/24 proto 133",
      `route replace 10.244.3.0/24 via 10.244.3.0 dev ${LINK} onlink src 192.0.2.1 proto 133`,
      `route del 192.0.2.2 proto 133 table ${TABLE}`,
      `route replace 192.0.2.3 via 10.244.3.0 dev ${LINK} onlink proto 133 table ${TABLE}`,
    ],
    bridge: [
      ...entriesOf(MAC.three, "192.0.2.3"),
      `fdb del ${MAC.two} dev ${LINK} dst 192.0.2.2 self`,
      `fdb del ${sentOn(MAC.two)} dev ${LINK} dst 192.0.2.2 self`,
    ],
  },
  {
    name: "the last peer takes the link along",
    wish: { peers: [] },
    state: JOINED,
    ip: [`link del dev ${LINK}`, `rule del from 10.244.1.0/24 lookup ${TABLE}`],
  },
  {
    name: "what somebody deleted comes back",
    state: { ...JOINED, podRoutes: [], rules: [], forwarding: new Map() },
    ip: [LAID.toTwo[1]!, LAID.rule],
    bridge: LAID.fdbTwo,
  },
  {
    name: "a link that is down has lost its routes",
    state: { ...JOINED, link: { ...JOINED.link!, isUp: false }, podRoutes: [], nodeRoutes: [] },
    ip: [`link set dev ${LINK} up`, ...LAID.toTwo],
    bridge: LAID.fdbTwo,
  },
  {
    name: "another MTU needs no new link",
    wish: { mtu: 1400 },
    state: JOINED,
    ip: [`link set dev ${LINK} mtu 1400`],
  },
  {
    name: "on a shared link a route is enough",
    wish: { mode: "routes" },
    state: NOTHING,
    ip: ["route replace 10.244.2.0/24 via 192.0.2.2 src 192.0.2.1 proto 133"],
  },
  {
    name: "a plain route stays, on whatever link the kernel put it",
    wish: { mode: "routes" },
    state: { ...NOTHING, podRoutes: [PLAIN] },
    ip: [],
  },
  {
    name: "from the overlay to plain routes",
    wish: { mode: "routes" },
    state: JOINED,
    ip: [
      `link del dev ${LINK}`,
      "route replace 10.244.2.0/24 via 192.0.2.2 src 192.0.2.1 proto 133",
      `rule del from 10.244.1.0/24 lookup ${TABLE}`,
    ],
  },
  {
    name: "from plain routes to the overlay",
    state: { ...NOTHING, podRoutes: [PLAIN] },
    ip: [...LAID.link, ...LAID.toTwo, LAID.rule],
    bridge: LAID.fdbTwo,
  },
];

for (const { name, wish, state, ip, bridge = [] } of CASES) {
  Deno.test(`planOverlay: ${name}`, () => {
    assert.deepEqual(planOverlay(wishing(wish), state), { ip, bridge });
  });
}

Deno.test("planOverlayRemoval: rules, routes of our own, and the link with all that hangs on it", () => {
  const state = { ...JOINED, podRoutes: [...JOINED.podRoutes, { ...PLAIN, to: "10.244.3.0/24" }] };
  assert.deepEqual(planOverlayRemoval(NAMES, state), [
    `rule del from 10.244.1.0/24 lookup ${TABLE}`,
    "route del 10.244.3.0/24 proto 133",
    `link del dev ${LINK}`,
  ]);
  assert.deepEqual(planOverlayRemoval(NAMES, NOTHING), []);
});

function wishing(more: Partial<OverlayWish> = {}): OverlayWish {
  const clusterCidr = "10.244.0.0/16";
  return { names: NAMES, mode: "vxlan", clusterCidr, self: SELF, peers: [TWO], mtu: 1450, ...more };
}
