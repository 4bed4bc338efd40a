/**
 * Session affinity in nftables: a service has a chain of its own, a pod of it a set of the clients that it has, and a
 * chain that writes them down with a time-out; whoever is in none of the sets gets any pod. Pure.
 */
import { digestOf } from "./names.ts";
import type { PodAddress, ServiceRule } from "./rules.ts";

/** Clients of one pod; more of them are not remembered. */
const CLIENTS_MAX = 65_536;

/** Lines of one transaction. */
export interface AffinityLines {
  /** To be written while nothing leads to what is new. */
  readonly before: readonly string[];
  /** To be written when nothing leads to what is gone any more. */
  readonly after: readonly string[];
}

interface Contents {
  readonly sets: readonly string[];
  /** Chain → its rules. */
  readonly chains: ReadonlyMap<string, readonly string[]>;
}

const NOTHING: Contents = { sets: [], chains: new Map() };

export function affinityChainOf({ name }: ServiceRule): string {
  return `affine-${digestOf(name)}`;
}

/** @param before undefined or without affinity: there is nothing of it */
export function planAffinity(
  table: string,
  before: ServiceRule | undefined,
  after: ServiceRule | undefined,
): AffinityLines {
  const [have, want] = [contentsOf(before), contentsOf(after)];
  const at = `ip ${table}`;
  const type = `type ipv4_addr; size ${CLIENTS_MAX}; flags dynamic,timeout;`;
  const newChains = [...want.chains.keys()].filter((chain) => !have.chains.has(chain));
  const changed = [...want.chains].filter(([chain, rules]) =>
    have.chains.get(chain)?.join("\n") !== rules.join("\n")
  );
  const gone = [...have.chains.keys()].filter((chain) => !want.chains.has(chain));
  return {
    before: [
      ...want.sets.filter((set) => !have.sets.includes(set))
        .map((set) => `add set ${at} ${set} { ${type} }`),
      ...newChains.map((chain) => `add chain ${at} ${chain}`),
      ...changed.flatMap(([chain, rules]) => [
        ...(have.chains.has(chain) ? [`flush chain ${at} ${chain}`] : []),
        ...rules.map((rule) => `add rule ${at} ${chain} ${rule}`),
      ]),
    ],
    after: [
      ...gone.map((chain) => `flush chain ${at} ${chain}`),
      ...gone.map((chain) => `delete chain ${at} ${chain}`),
      ...have.sets.filter((set) => !want.sets.includes(set))
        .map((set) => `delete set ${at} ${set}`),
    ],
  };
}

function contentsOf(rule: ServiceRule | undefined): Contents {
  if (rule === undefined || rule.affinitySeconds === 0 || rule.backends.length === 0) {
    return NOTHING;
  }
  const { affinitySeconds, backends } = rule;
  const protocol = rule.protocol.toLowerCase();
  const pods = Array.from(backends, (pod) => ({
    pod,
    name: `sticky-${digestOf(`${rule.name} ${textOf(pod)}`)}`,
  }));
  const chains = new Map<string, readonly string[]>([[affinityChainOf(rule), [
    ...pods.map(({ name }) => `ip saddr @${name} goto ${name}`),
    `numgen random mod ${pods.length} vmap { ${
      pods.map(({ name }, i) => `${i} : goto ${name}`).join(", ")
    } }`,
  ]]]);
  for (const { pod, name } of pods) {
    chains.set(name, [
      `update @${name} { ip saddr timeout ${affinitySeconds}s }`,
      `meta l4proto ${protocol} dnat ip to ${textOf(pod)}`,
    ]);
  }
  return { sets: pods.map(({ name }) => name), chains };
}

const textOf = ({ ip, port }: PodAddress) => `${ip}:${port}`;
