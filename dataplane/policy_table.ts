/**
 * Policies as one nftables table. A pod that a policy is about has a chain for each direction, which a map leads to by
 * its address; there the chains of its policies let connections pass, and the last rule counts and drops the rest.
 * What leaves and what arrives is looked at where packets are forwarded: the node's own traffic never comes by.
 */
import { digestOf } from "./names.ts";
import { renderRemoval } from "./nftables_plan.ts";
import type { Direction, PolicyMatch, PolicyRules, PortMatch } from "./policy_rules.ts";

const ELEMENTS_PER_COMMAND = 1_000;
/** Source: nftables, NFTNL_UDATA_COMMENT_MAXLEN, less its closing zero. */
const COMMENT_MAX = 127;

/** What the table holds, as text that can be compared. */
interface Contents {
  /** Set or map → its type. */
  readonly sets: ReadonlyMap<string, string>;
  /** `set element` → its data, "" where it has none. */
  readonly elements: ReadonlyMap<string, string>;
  readonly chains: ReadonlyMap<string, readonly string[]>;
  readonly counters: ReadonlySet<string>;
}

const NOTHING: Contents = {
  sets: new Map(),
  elements: new Map(),
  chains: new Map(),
  counters: new Set(),
};

/** Bookkeeping of what the kernel has, and scripts of what differs. Nothing is run here. */
export class PolicyTable {
  #have: Contents | undefined;

  constructor(readonly table: string) {}

  /**
   * The transaction towards `rules`, "" when nothing changes; taken as done: after a failure start over with a new
   * object, which writes everything anew.
   */
  plan(rules: PolicyRules): string {
    const want = contentsOf(rules);
    const isNew = this.#have === undefined;
    const have = this.#have ?? NOTHING;
    this.#have = want;
    const lines = [
      ...(isNew ? renderBase(this.table) : []),
      ...renderChanges(this.table, have, want),
    ];
    return lines.map((line) => `${line}\n`).join("");
  }
}

function renderBase(table: string): string[] {
  return [
    ...renderRemoval(table),
    `table ip ${table} {`,
    "  map egress { type ipv4_addr : verdict; }",
    "  map ingress { type ipv4_addr : verdict; }",
    "  set selves { type ipv4_addr . ipv4_addr; }",
    "  chain arrive { ip daddr vmap @ingress; accept; }",
    "  chain forward {",
    "    type filter hook forward priority filter - 10; policy accept",
    "    ct state established,related accept",
    "    ip saddr . ip daddr @selves accept",
    "    ip saddr vmap @egress",
    "    goto arrive",
    "  }",
    "}",
  ];
}

/** What others lead to is there before them, and goes after them. */
function renderChanges(table: string, have: Contents, want: Contents): string[] {
  const at = `ip ${table}`;
  const newChains = [...want.chains].filter(([name]) => !have.chains.has(name));
  const changed = [...want.chains].filter(([name, rules]) =>
    have.chains.get(name)?.join("\n") !== rules.join("\n")
  );
  const goneChains = [...have.chains.keys()].filter((name) => !want.chains.has(name));
  return [
    ...[...want.sets].filter(([name]) => !have.sets.has(name))
      .map(([name, type]) => `add set ${at} ${name} { type ${type}; }`),
    ...[...want.counters].filter((name) => !have.counters.has(name))
      .map((name) => `add counter ${at} ${name}`),
    ...newChains.map(([name]) => `add chain ${at} ${name}`),
    ...renderElements("delete", at, have.elements, want.elements),
    ...renderElements("add", at, want.elements, have.elements),
    ...changed.flatMap(([name, rules]) => [
      ...(have.chains.has(name) ? [`flush chain ${at} ${name}`] : []),
      ...rules.map((rule) => `add rule ${at} ${name} ${rule}`),
    ]),
    ...goneChains.map((name) => `flush chain ${at} ${name}`),
    ...goneChains.map((name) => `delete chain ${at} ${name}`),
    ...[...have.counters].filter((name) => !want.counters.has(name))
      .map((name) => `delete counter ${at} ${name}`),
    ...[...have.sets.keys()].filter((name) => !want.sets.has(name))
      .map((name) => `delete set ${at} ${name}`),
  ];
}

/** Those of `these` that `those` has not, or with other data. A set that goes takes its elements along. */
function renderElements(
  verb: "add" | "delete",
  at: string,
  these: ReadonlyMap<string, string>,
  those: ReadonlyMap<string, string>,
): string[] {
  const bySet = new Map<string, string[]>();
  for (const [setAndKey, data] of these) {
    if (those.get(setAndKey) === data) continue;
    const space = setAndKey.indexOf(" ");
    const [set, key] = [setAndKey.slice(0, space), setAndKey.slice(space + 1)];
    const texts = bySet.get(set) ?? [];
    bySet.set(set, texts);
    texts.push(verb === "delete" || data === "" ? key : `${key} : ${data}`);
  }
  return [...bySet].flatMap(([set, texts]) => {
    const starts = Array.from(
      { length: Math.ceil(texts.length / ELEMENTS_PER_COMMAND) },
      (_, i) => i * ELEMENTS_PER_COMMAND,
    );
    return starts.map((start) => {
      const some = texts.slice(start, start + ELEMENTS_PER_COMMAND);
      return `${verb} element ${at} ${set} { ${some.join(", ")} }`;
    });
  });
}

function contentsOf({ chains, pods, sets }: PolicyRules): Contents {
  const elements = new Map<string, string>();
  for (const [name, set] of sets) {
    for (const element of set.elements) elements.set(`${name} ${element}`, "");
  }
  const rules = new Map<string, readonly string[]>();
  for (const { policy, direction, matches } of chains) {
    rules.set(chainName(direction, policy), matches.map((match) => renderMatch(match, direction)));
  }
  const counters = new Set<string>();
  for (const pod of pods) {
    elements.set(`selves ${pod.ip} . ${pod.ip}`, "");
    for (const direction of ["ingress", "egress"] as const) {
      const policies = pod[direction];
      if (policies === undefined) continue;
      const name = podChainName(direction, pod.ip);
      const jumps = policies.map((policy) =>
        `jump ${chainName(direction, policy)} comment "${policy.slice(0, COMMENT_MAX)}"`
      );
      rules.set(name, [...jumps, `counter name "${name}" drop`]);
      counters.add(name);
      elements.set(`${direction} ${pod.ip}`, `goto ${name}`);
    }
  }
  const types = new Map([...sets].map(([name, { type }]) => [name, type]));
  return { sets: types, elements, chains: rules, counters };
}

/** The chain, and the counter of what is dropped in it. */
export function podChainName(direction: Direction, ip: string): string {
  return `${direction}-${ip}`;
}

const chainName = (direction: Direction, policy: string) => `${direction}-${digestOf(policy)}`;

/** What a pod may send is looked at again where it arrives. */
function renderMatch({ peer, port }: PolicyMatch, direction: Direction): string {
  const side = direction === "ingress" ? "saddr" : "daddr";
  const parts = [];
  if (peer !== undefined && "set" in peer) parts.push(`ip ${side} @${peer.set}`);
  if (peer !== undefined && "cidr" in peer) {
    parts.push(`ip ${side} ${peer.cidr}`);
    for (const cidr of peer.except) parts.push(`ip ${side} != ${cidr}`);
  }
  if (port !== undefined) parts.push(renderPort(port));
  parts.push(direction === "ingress" ? "accept" : "goto arrive");
  return parts.join(" ");
}

function renderPort({ protocol, first, last, set }: PortMatch): string {
  const name = protocol.toLowerCase();
  if (set !== undefined) return `ip daddr . ${name} dport @${set}`;
  if (first === undefined) return `meta l4proto ${name}`;
  return `${name} dport ${first === last ? first : `${first}-${last}`}`;
}
