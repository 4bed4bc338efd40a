import { affinityChainOf, type AffinityLines, planAffinity } from "./nftables_affinity.ts";
import type { Protocol, Rules, ServiceRule } from "./rules.ts";
import { staleFlow } from "./stale_flows.ts";

const ELEMENTS_PER_COMMAND = 1_000;
const PROTOCOLS: readonly Protocol[] = ["TCP", "UDP"];

/** One transaction for `nft -f -`, and what it leaves to be done. */
export interface NftablesChanges {
  /** Empty: nothing changes. */
  readonly script: string;
  /** Lines for `conntrack -R -`: UDP flows that would go on to where they were sent before. */
  readonly staleFlows: readonly string[];
}

/** Element of a set or map: `set key` → its data, "" in a plain set. */
type Elements = Map<string, string>;

/**
 * What the table holds, and the script that makes it hold other rules. A service is one element of a verdict map, its
 * pods are elements of one map for all; chains exist once per number of pods. Pure bookkeeping, nothing is run here.
 */
export class NftablesTable {
  #exists: boolean | undefined;
  #byName = new Map<string, ServiceRule>();
  #chains = new Set<string>();
  /** How many rules name each pod. */
  readonly #pods = new Map<string, number>();

  /** @param linkPrefix how the links of this node's pods begin */
  constructor(readonly table: string, readonly linkPrefix: string) {}

  /** Changes towards `rules`, taken as done: after a failure start over with a new object. */
  plan(rules: Rules): NftablesChanges {
    if (rules.services.length === 0) return this.#planNothing();
    const removed: Elements = new Map();
    const added: Elements = new Map();
    const podsBefore = new Map<string, number>();
    const byName = new Map(rules.services.map((rule) => [rule.name, rule]));
    for (const [name, rule] of this.#byName) {
      if (byName.get(name) === rule) continue;
      addElements(removed, rule);
      this.#countPods(rule, -1, podsBefore);
    }
    const changed = rules.services.filter((rule) => this.#byName.get(rule.name) !== rule);
    for (const rule of changed) {
      addElements(added, rule);
      this.#countPods(rule, 1, podsBefore);
    }
    this.#diffPods(podsBefore, removed, added);
    dropEqual(removed, added);
    const affinity = this.#planAffinity(byName);
    this.#byName = byName;
    const lines = [
      ...(this.#exists === true ? [] : renderBase(this.table, this.linkPrefix)),
      ...this.#newChains(changed),
      ...affinity.flatMap(({ before }) => before),
      ...renderElements("delete", this.table, removed),
      ...renderElements("add", this.table, added),
      ...affinity.flatMap(({ after }) => after),
    ];
    this.#exists = true;
    return { script: joinLines(lines), staleFlows: staleFlowsOf(removed, added) };
  }

  #planAffinity(next: ReadonlyMap<string, ServiceRule>): AffinityLines[] {
    const names = new Set([...this.#byName.keys(), ...next.keys()]);
    return [...names].flatMap((name) => {
      const [before, after] = [this.#byName.get(name), next.get(name)];
      const isConcerned = before !== after && (isAffine(before) || isAffine(after));
      return isConcerned ? [planAffinity(this.table, before, after)] : [];
    });
  }

  /** No service, no table: then the kernel tracks no connection for our sake. */
  #planNothing(): NftablesChanges {
    const staleFlows = staleFlowsOf(this.#elements(), new Map());
    const script = this.#exists === false ? "" : joinLines(renderRemoval(this.table));
    this.#exists = false;
    this.#byName = new Map();
    this.#chains = new Set();
    this.#pods.clear();
    return { script, staleFlows };
  }

  #elements(): Elements {
    const elements: Elements = new Map();
    for (const rule of this.#byName.values()) addElements(elements, rule);
    return elements;
  }

  #countPods(rule: ServiceRule, step: 1 | -1, before: Map<string, number>): void {
    for (const { ip } of rule.backends) {
      const count = this.#pods.get(ip) ?? 0;
      if (!before.has(ip)) before.set(ip, count);
      if (count + step === 0) this.#pods.delete(ip);
      else this.#pods.set(ip, count + step);
    }
  }

  #diffPods(before: ReadonlyMap<string, number>, removed: Elements, added: Elements): void {
    for (const [ip, count] of before) {
      const isPod = this.#pods.has(ip);
      if (isPod && count === 0) added.set(`pods ${ip} . ${ip}`, "");
      if (!isPod && count > 0) removed.set(`pods ${ip} . ${ip}`, "");
    }
  }

  #newChains(rules: readonly ServiceRule[]): string[] {
    const chains = new Map<string, string>();
    for (const rule of rules.filter((rule) => !isAffine(rule))) {
      for (const { address } of rule.backends.length === 0 ? [] : rule.frontends) {
        const chain = chainOf(rule, address);
        if (!this.#chains.has(chain)) chains.set(chain, renderPick(rule, address));
        this.#chains.add(chain);
      }
    }
    return [...chains].flatMap(([chain, pick]) => [
      `add chain ip ${this.table} ${chain}`,
      `add rule ip ${this.table} ${chain} ${pick}`,
    ]);
  }
}

/** Takes the table away, whether it is there or not. */
export function renderRemoval(table: string): string[] {
  return [`add table ip ${table}`, `delete table ip ${table}`];
}

/**
 * An empty table in place of whatever was there. A rejected packet never reaches the NAT chains with a verdict, since
 * a service is in one of the maps or in one of the refused sets; a pod that reaches itself needs another source.
 */
function renderBase(table: string, linkPrefix: string): string[] {
  const service = "ip daddr . meta l4proto . th dport";
  const maps = PROTOCOLS.map((each) => each.toLowerCase()).flatMap((protocol) => [
    `  map ${protocol}-backends { typeof ip daddr . ${protocol} dport . numgen random mod 65536 : ip daddr . ${protocol} dport; }`,
    `  map ${protocol}-node-backends { typeof ${protocol} dport . numgen random mod 65536 : ip daddr . ${protocol} dport; }`,
  ]);
  return [
    ...renderRemoval(table),
    `table ip ${table} {`,
    ...maps,
    "  map services { type ipv4_addr . inet_proto . inet_service : verdict; }",
    "  map node-services { type inet_proto . inet_service : verdict; }",
    "  set refused { type ipv4_addr . inet_proto . inet_service; }",
    "  set node-refused { type inet_proto . inet_service; }",
    "  set pods { type ipv4_addr . ipv4_addr; }",
    "  set guarded { type ipv4_addr . inet_proto . inet_service; }",
    "  set guests { type ipv4_addr . inet_proto . inet_service . ipv4_addr; flags interval; }",
    "  chain translate {",
    `    ${service} vmap @services`,
    "    ip daddr != 127.0.0.0/8 fib daddr type local meta l4proto . th dport vmap @node-services",
    "  }",
    "  chain prerouting {",
    "    type nat hook prerouting priority dstnat",
    `    ${service} @guarded iifname != "${linkPrefix}*" ${service} . ip saddr != @guests drop`,
    "    jump translate",
    "  }",
    "  chain output { type nat hook output priority -100; jump translate; }",
    "  chain postrouting {",
    "    type nat hook postrouting priority srcnat",
    "    ct status dnat ip saddr . ip daddr @pods masquerade",
    "  }",
    "  chain reject-client {",
    "    meta l4proto tcp reject with tcp reset",
    "    reject with icmp type port-unreachable",
    "  }",
    "  chain refuse {",
    `    ${service} @refused goto reject-client`,
    "    fib daddr type local meta l4proto . th dport @node-refused goto reject-client",
    "  }",
    "  chain refuse-arriving { type filter hook prerouting priority filter; jump refuse; }",
    "  chain refuse-leaving { type filter hook output priority filter; jump refuse; }",
    "}",
  ];
}

const isAffine = (rule: ServiceRule | undefined) => (rule?.affinitySeconds ?? 0) > 0;

function chainOf(rule: ServiceRule, address?: string): string {
  if (isAffine(rule)) return affinityChainOf(rule);
  const scope = address === undefined ? "node-" : "";
  return `${rule.protocol.toLowerCase()}-${scope}random-${rule.backends.length}`;
}

function renderPick({ protocol, backends }: ServiceRule, address?: string): string {
  const name = protocol.toLowerCase();
  const [key, map] = address === undefined
    ? [`${name} dport`, `${name}-node-backends`]
    : [`ip daddr . ${name} dport`, `${name}-backends`];
  return `dnat ip to ${key} . numgen random mod ${backends.length} map @${map}`;
}

function addElements(elements: Elements, rule: ServiceRule): void {
  const protocol = rule.protocol.toLowerCase();
  for (const { address, port, sources } of rule.frontends) {
    const scope = address === undefined ? "node-" : "";
    const prefix = address === undefined ? "" : `${address} . `;
    const key = `${prefix}${protocol} . ${port}`;
    if (sources !== undefined) elements.set(`guarded ${key}`, "");
    for (const range of sources ?? []) elements.set(`guests ${key} . ${range}`, "");
    if (rule.backends.length === 0) {
      elements.set(`${scope}refused ${key}`, "");
      continue;
    }
    elements.set(`${scope}services ${key}`, `goto ${chainOf(rule, address)}`);
    [...rule.backends].forEach((pod, i) =>
      elements.set(
        `${protocol}-${scope}backends ${prefix}${port} . ${i}`,
        `${pod.ip} . ${pod.port}`,
      )
    );
  }
}

function dropEqual(removed: Elements, added: Elements): void {
  for (const [key, data] of added) {
    if (removed.get(key) !== data) continue;
    removed.delete(key);
    added.delete(key);
  }
}

function renderElements(verb: "add" | "delete", table: string, elements: Elements): string[] {
  const bySet = new Map<string, string[]>();
  for (const [setAndKey, data] of elements) {
    const space = setAndKey.indexOf(" ");
    const set = setAndKey.slice(0, space);
    const key = setAndKey.slice(space + 1);
    const texts = bySet.get(set) ?? [];
    bySet.set(set, texts);
    texts.push(verb === "delete" || data === "" ? key : `${key} : ${data}`);
  }
  return [...bySet].flatMap(([set, texts]) =>
    chunksOf(texts, ELEMENTS_PER_COMMAND).map((chunk) =>
      `${verb} element ip ${table} ${set} { ${chunk.join(", ")} }`
    )
  );
}

/** Source: stale_flows.ts; the elements tell it without the rules. */
function staleFlowsOf(removed: Elements, added: Elements): string[] {
  const flows: string[] = [];
  for (const [setAndKey, pod] of removed) {
    const [set = "", ...key] = setAndKey.split(" ");
    const isPod = set === "udp-backends" || set === "udp-node-backends";
    if (!isPod) continue;
    const [address, port] = set === "udp-backends" ? [key[0], key[2]] : [undefined, key[0]];
    flows.push(staleFlow(address, Number(port), pod.split(" ")[0] ?? ""));
  }
  for (const setAndKey of added.keys()) {
    const [set, address, , protocol, , port] = setAndKey.split(" ");
    if (set !== "services" || protocol !== "udp" || address === undefined) continue;
    flows.push(staleFlow(address, Number(port), address));
  }
  return flows;
}

function chunksOf<T>(items: readonly T[], size: number): T[][] {
  const starts = Array.from({ length: Math.ceil(items.length / size) }, (_, i) => i * size);
  return starts.map((start) => items.slice(start, start + size));
}

function joinLines(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
