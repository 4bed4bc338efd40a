/** What NetworkPolicies ask of the kernel of one node. Pure. */
import type { Namespace, Pod } from "../api/types/core_v1.ts";
import { selectorOf } from "../api/types/labels.ts";
import type {
  NetworkPolicy,
  NetworkPolicyPeer,
  NetworkPolicyPort,
} from "../api/types/networking_v1.ts";
import { PolicyPeers, type WiredPod } from "./policy_peers.ts";
import type {
  Direction,
  IsolatedPod,
  PeerMatch,
  PolicyChain,
  PolicyMatch,
  PolicyRules,
  PortMatch,
} from "./policy_rules.ts";

export interface PolicyWorld {
  readonly policies: readonly Readonly<NetworkPolicy>[];
  readonly namespaces: readonly Readonly<Namespace>[];
  /** Of all nodes. */
  readonly pods: readonly Readonly<Pod>[];
  readonly nodeName: string;
  /** Addresses by uid that the pods' status may not show yet. */
  readonly wired: ReadonlyMap<string, string>;
}

/** Each node restricts its own pods: what they send where it begins, what they get where it ends. */
export function planPolicies(world: PolicyWorld): PolicyRules {
  const pods = world.pods.flatMap((pod) => wiredPod(pod, world.wired));
  const peers = new PolicyPeers(pods, world.namespaces);
  const own = pods.filter(({ pod }) => pod.spec.nodeName === world.nodeName);
  const chains = new Map<string, PolicyChain>();
  const isolated: IsolatedPod[] = [];
  for (const { pod, ip } of own) {
    const { namespace = "", name } = pod.metadata;
    const mine = world.policies.filter((policy) => selects(policy, pod));
    const [ingress, egress] = (["ingress", "egress"] as const).map((direction) => {
      const those = mine.filter(({ spec }) => typesOf(spec).includes(direction));
      for (const policy of those) {
        const chain = chainOf(policy, direction, peers);
        if (!chains.has(keyOf(chain))) chains.set(keyOf(chain), chain);
      }
      return those.length === 0 ? undefined : those.map(nameOf).sort();
    });
    if (ingress === undefined && egress === undefined) continue;
    isolated.push({
      ...{ ip, namespace, name },
      ...(ingress === undefined ? {} : { ingress }),
      ...(egress === undefined ? {} : { egress }),
    });
  }
  return { chains: [...chains.values()], pods: isolated, sets: peers.sets };
}

/** Pods in the node's own network are the node, which no policy is about. */
function wiredPod(pod: Readonly<Pod>, wired: ReadonlyMap<string, string>): WiredPod[] {
  const { phase, podIP } = pod.status ?? {};
  const ip = podIP ?? wired.get(pod.metadata.uid ?? "");
  const isOver = phase === "Succeeded" || phase === "Failed";
  return ip === undefined || pod.spec.hostNetwork || isOver ? [] : [{ pod, ip }];
}

function selects({ metadata, spec }: Readonly<NetworkPolicy>, pod: Readonly<Pod>): boolean {
  return metadata.namespace === pod.metadata.namespace &&
    selectorOf(spec.podSelector).matches(pod.metadata.labels);
}

function typesOf({ policyTypes, egress }: NetworkPolicy["spec"]): Direction[] {
  const types = policyTypes ?? ["Ingress", ...(egress?.length ? ["Egress" as const] : [])];
  return types.map((type) => type === "Egress" ? "egress" : "ingress");
}

const nameOf = ({ metadata }: Readonly<NetworkPolicy>) =>
  `${metadata.namespace ?? ""}/${metadata.name}`;
const keyOf = ({ policy, direction }: PolicyChain) => `${direction} ${policy}`;

function chainOf(
  policy: Readonly<NetworkPolicy>,
  direction: Direction,
  peers: PolicyPeers,
): PolicyChain {
  const { spec: { ingress = [], egress = [] }, metadata: { namespace = "" } } = policy;
  const rules = direction === "ingress"
    ? ingress.map(({ from = [], ports = [] }) => ({ peers: from, ports }))
    : egress.map(({ to = [], ports = [] }) => ({ peers: to, ports }));
  const matches = rules.flatMap((rule): PolicyMatch[] => {
    const some = rule.peers.filter(isReachable).map((peer) => peerMatch(peer, namespace, peers));
    if (some.length === 0 && rule.peers.length > 0) return [];
    const ports = rule.ports.map((port) => portMatch(port, peers));
    return (some.length === 0 ? [undefined] : some).flatMap((peer) =>
      (ports.length === 0 ? [undefined] : ports).map((port) => ({
        ...(peer === undefined ? {} : { peer }),
        ...(port === undefined ? {} : { port }),
      }))
    );
  });
  return { policy: nameOf(policy), direction, matches };
}

/** Pods have addresses of IPv4 alone. */
function isReachable({ ipBlock }: NetworkPolicyPeer): boolean {
  return ipBlock === undefined || !ipBlock.cidr.includes(":");
}

function peerMatch(
  { ipBlock, podSelector, namespaceSelector }: NetworkPolicyPeer,
  namespace: string,
  peers: PolicyPeers,
): PeerMatch {
  if (ipBlock !== undefined) return { cidr: ipBlock.cidr, except: ipBlock.except ?? [] };
  return { set: peers.setOf(namespace, namespaceSelector, podSelector) };
}

function portMatch(
  { protocol = "TCP", port, endPort }: NetworkPolicyPort,
  peers: PolicyPeers,
): PortMatch {
  if (port === undefined) return { protocol };
  if (typeof port === "string") return { protocol, set: peers.portsNamed(port, protocol) };
  return { protocol, first: port, last: endPort ?? port };
}
