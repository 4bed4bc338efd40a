/**
 * What joins the pod networks of all nodes, as text for `ip -batch -` and `bridge -batch -`. Nothing is learned from
 * packets: every neighbour, forwarding entry and route follows from the list of nodes. Pure.
 */
import { formatIpv4, isInNetwork, parseIpv4, parseNetwork } from "./ipv4.ts";
import type { ClusterNames } from "./names.ts";

export type OverlayMode = "vxlan" | "routes";

/** A node as the overlay sees it. */
export interface OverlayNode {
  readonly name: string;
  /** By which the other nodes reach it. */
  readonly address: string;
  readonly podCidr: string;
}

export interface OverlayWish {
  readonly names: ClusterNames;
  readonly mode: OverlayMode;
  readonly clusterCidr: string;
  readonly self: OverlayNode;
  readonly peers: readonly OverlayNode[];
  /** Of a packet inside the overlay. */
  readonly mtu: number;
}

export interface OverlayLink {
  readonly mac: string;
  readonly mtu: number;
  readonly id: number;
  readonly local: string;
  readonly port: number;
  readonly isUp: boolean;
}

/** A route of ours. `via` is a gateway, `dev` the link as the kernel names it. */
export interface OverlayRoute {
  readonly to: string;
  readonly via: string;
  readonly dev: string;
  readonly src: string;
}

/** What the kernel has. */
export interface OverlayState {
  readonly link: OverlayLink | undefined;
  /** MAC by address. */
  readonly neighbours: ReadonlyMap<string, string>;
  /** Address of the node by MAC. */
  readonly forwarding: ReadonlyMap<string, string>;
  readonly podRoutes: readonly OverlayRoute[];
  /** In the overlay's own table: how pods reach other nodes. */
  readonly nodeRoutes: readonly OverlayRoute[];
  /** Ranges that the own table serves. */
  readonly rules: readonly string[];
}

export interface OverlayChanges {
  readonly ip: readonly string[];
  /** To be made afterwards. */
  readonly bridge: readonly string[];
}

/** Source: IANA's 4789 is taken by switches; 8472 is Linux's own default, and what flannel and Cilium use. */
const VXLAN_PORT = 8472;
/** Marks our routes in the table that all share. Source: /etc/iproute2/rt_protos has no such number. */
export const ROUTE_PROTOCOL = 133;
const RULE_PRIORITY = 30_000;

/** Outer Ethernet, IPv4 and UDP headers, and VXLAN's own. */
export const VXLAN_OVERHEAD_BYTES = 50;

/** Changes towards the wish; none where it is fulfilled. */
export function planOverlay(wish: OverlayWish, state: OverlayState): OverlayChanges {
  const isVxlan = wish.mode === "vxlan" && wish.peers.length > 0;
  const link = isVxlan ? planLink(wish, state.link) : removeLink(wish, state.link);
  // what hangs on a link goes with it
  const have = link.isNew ? withoutLink(wish, state) : state;
  const routes = planRoutes(podRoutesOf(wish, isVxlan), have.podRoutes, "");
  const table = ` table ${wish.names.overlayTable}`;
  const nodeRoutes = planRoutes(isVxlan ? nodeRoutesOf(wish) : [], have.nodeRoutes, table);
  const tunnels = planTunnels(wish, isVxlan ? wish.peers : [], have);
  return {
    ip: [...link.ip, ...tunnels.ip, ...routes, ...nodeRoutes, ...planRules(wish, isVxlan, state)],
    bridge: tunnels.bridge,
  };
}

/** Takes away whatever is there. */
export function planOverlayRemoval(names: ClusterNames, state: OverlayState): string[] {
  const { overlayLink, overlayTable } = names;
  const ofLink = ({ dev }: OverlayRoute) => dev === overlayLink;
  return [
    ...state.rules.map((from) => `rule del from ${from} lookup ${overlayTable}`),
    ...state.podRoutes.filter((route) => !ofLink(route)).map((route) => removalOf(route, "")),
    ...(state.link === undefined ? [] : [`link del dev ${overlayLink}`]),
  ];
}

/** Every node's end has its address in its pods' range, and by that a MAC that all others know. */
function planLink({ names, self, mtu }: OverlayWish, have: OverlayLink | undefined) {
  const { overlayLink: link, overlayId: id } = names;
  const mac = macOf(self.podCidr);
  const isSame = have?.mac === mac && have.id === id && have.local === self.address &&
    have.port === VXLAN_PORT;
  if (!isSame) {
    const ip = [
      ...(have === undefined ? [] : [`link del dev ${link}`]),
      `link add name ${link} address ${mac} mtu ${mtu} type vxlan id ${id} ` +
      `local ${self.address} dstport ${VXLAN_PORT} nolearning`,
      `link set dev ${link} addrgenmode none`,
      `link set dev ${link} alias ${names.cluster}:overlay up`,
    ];
    return { ip, isNew: true };
  }
  const ip = [
    ...(have.mtu === mtu ? [] : [`link set dev ${link} mtu ${mtu}`]),
    ...(have.isUp ? [] : [`link set dev ${link} up`]),
  ];
  return { ip, isNew: !have.isUp };
}

function removeLink({ names }: OverlayWish, have: OverlayLink | undefined) {
  if (have === undefined) return { ip: [], isNew: false };
  return { ip: [`link del dev ${names.overlayLink}`], isNew: true };
}

function withoutLink({ names: { overlayLink } }: OverlayWish, state: OverlayState): OverlayState {
  const others = (routes: readonly OverlayRoute[]) =>
    routes.filter(({ dev }) => dev !== overlayLink);
  return {
    ...state,
    neighbours: new Map(),
    forwarding: new Map(),
    podRoutes: others(state.podRoutes),
    nodeRoutes: others(state.nodeRoutes),
  };
}

/**
 * How MACs of nodes begin: of their own, and where a frame carries a client that another node has sent on, by which
 * programs know it. Source: FORWARDED_MARK of bpf/pod_path.bpf.c.
 */
const MARKS = ["0a:59", "0a:5a"] as const;

/** A neighbour entry and the forwarding entries for each peer. */
function planTunnels(
  { names: { overlayLink: link } }: OverlayWish,
  peers: readonly OverlayNode[],
  { neighbours, forwarding }: OverlayState,
): OverlayChanges {
  const ends = new Map(peers.map((peer) => [endOf(peer.podCidr), macOf(peer.podCidr)]));
  const nodes = new Map(
    peers.flatMap(({ podCidr, address }) => MARKS.map((mark) => [macOf(podCidr, mark), address])),
  );
  return {
    ip: [
      ...missing(ends, neighbours)
        .map(([ip, mac]) => `neigh replace ${ip} lladdr ${mac} dev ${link} nud permanent`),
      ...unwanted(ends, neighbours).map(([ip]) => `neigh del ${ip} dev ${link}`),
    ],
    bridge: [
      ...missing(nodes, forwarding)
        .map(([mac, address]) => `fdb replace ${mac} dev ${link} dst ${address} self permanent`),
      ...unwanted(nodes, forwarding)
        .map(([mac, address]) => `fdb del ${mac} dev ${link} dst ${address} self`),
    ],
  };
}

type Entries = ReadonlyMap<string, string>;

const missing = (want: Entries, have: Entries) =>
  [...want].filter(([key, value]) => have.get(key) !== value);
const unwanted = (want: Entries, have: Entries) => [...have].filter(([key]) => !want.has(key));

function podRoutesOf(wish: OverlayWish, isVxlan: boolean): OverlayRoute[] {
  const { names, self, peers } = wish;
  return peers.map(({ podCidr, address }) => ({
    to: podCidr,
    via: isVxlan ? endOf(podCidr) : address,
    dev: isVxlan ? names.overlayLink : "",
    src: self.address,
  }));
}

/** A pod's packet to a node goes through the overlay too: with its own address it would find no way on the wire. */
function nodeRoutesOf({ names, peers }: OverlayWish): OverlayRoute[] {
  return peers.map(({ podCidr, address }) => ({
    to: address,
    via: endOf(podCidr),
    dev: names.overlayLink,
    src: "",
  }));
}

/** On a shared link the kernel finds the link by itself: a wish without `dev` takes any but an overlay's. */
function planRoutes(
  want: readonly OverlayRoute[],
  have: readonly OverlayRoute[],
  table: string,
): string[] {
  const byTarget = new Map(have.map((route) => [route.to, route]));
  const isThere = (route: OverlayRoute) => {
    const there = byTarget.get(route.to);
    return there?.via === route.via && there.src === route.src &&
      (route.dev === "" || there.dev === route.dev);
  };
  const wanted = new Set(want.map(({ to }) => to));
  return [
    ...have.filter(({ to }) => !wanted.has(to)).map((route) => removalOf(route, table)),
    ...want.filter((route) => !isThere(route)).map((route) =>
      `route replace ${text(route)}${table}`
    ),
  ];
}

function removalOf({ to }: OverlayRoute, table: string): string {
  return `route del ${to} proto ${ROUTE_PROTOCOL}${table}`;
}

function text({ to, via, dev, src }: OverlayRoute): string {
  const where = dev === "" ? "" : ` dev ${dev} onlink`;
  const from = src === "" ? "" : ` src ${src}`;
  return `${to} via ${via}${where}${from} proto ${ROUTE_PROTOCOL}`;
}

function planRules({ names, self }: OverlayWish, isVxlan: boolean, { rules }: OverlayState) {
  const lookup = `lookup ${names.overlayTable}`;
  const want = isVxlan ? [self.podCidr] : [];
  return [
    ...rules.filter((from) => !want.includes(from)).map((from) =>
      `rule del from ${from} ${lookup}`
    ),
    ...want.filter((from) => !rules.includes(from))
      .map((from) => `rule add from ${from} ${lookup} priority ${RULE_PRIORITY}`),
  ];
}

/** The node's own end of the overlay: the first address of its range, which no pod gets. */
export function endOf(podCidr: string): string {
  return formatIpv4(parseNetwork(podCidr).first);
}

/** The end's address in the last four bytes: unique in the cluster, and readable in a trace. */
function macOf(podCidr: string, mark: string = MARKS[0]): string {
  const { first } = parseNetwork(podCidr);
  const bytes = [24, 16, 8, 0].map((shift) => (first >>> shift) & 255);
  return `${mark}:${bytes.map((byte) => byte.toString(16).padStart(2, "0")).join(":")}`;
}

/** Whether a route's target lies in the cluster's range. @param target such as 10.244.1.0/24, or an address */
export function isOfCluster(clusterCidr: string, target: string): boolean {
  const first = parseIpv4(target.split("/")[0] ?? "");
  return first !== undefined && isInNetwork(parseNetwork(clusterCidr), first);
}
