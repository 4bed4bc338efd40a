import { createHash } from "node:crypto";
import type { ClusterNames } from "./names.ts";
import type { Frontend, PodAddress, Rules, ServiceRule } from "./rules.ts";
import { staleFlowsOf } from "./stale_flows.ts";

/** Marks what a pod sends to itself by way of a service. Source of the bit: kube-proxy. */
const HAIRPIN_MARK = "0x4000/0x4000";
const CHAIN_NAME_MAX = 28; // of the kernel
/** From which chains of the system ours are reached, table by table. */
const HOOKS = {
  nat: [["PREROUTING", "services"], ["OUTPUT", "services"], ["POSTROUTING", "hairpin"]],
  filter: [["INPUT", "refuse"], ["FORWARD", "refuse"], ["OUTPUT", "refuse"]],
} as const;
const TABLES = ["nat", "filter"] as const;
type Table = typeof TABLES[number];

/** What lies in the tables of this cluster already, as `iptables-save` shows it. */
export type Present = Readonly<Record<Table, string>>;

export interface IptablesChanges {
  /** For `iptables-restore --noflush`; empty: nothing changes. */
  readonly script: string;
  /** Lines for `conntrack -R -`. */
  readonly staleFlows: readonly string[];
}

/** Lines of one table: chains that are made or emptied, rules that go and come, chains that go. */
interface Lines {
  readonly chains: string[];
  readonly deletes: string[];
  readonly adds: string[];
  drops: string[];
}

/**
 * What the chains hold, in kube-proxy's shape: one rule for each frontend, one chain for each service port and
 * one for each of its pods. A change writes the chains of what changed. Pure bookkeeping, nothing is run here.
 */
export class IptablesTables {
  #byName = new Map<string, ServiceRule>();

  /** @param present what an earlier process left: it goes with the first plan */
  constructor(readonly names: ClusterNames, private present: Present | undefined) {}

  /** Changes towards `rules`, taken as done: after a failure start over with a new object. */
  plan(rules: Rules): IptablesChanges {
    const lines: Record<Table, Lines> = { nat: noLines(), filter: noLines() };
    if (this.present !== undefined) this.#begin(lines, this.present);
    this.present = undefined;
    const byName = new Map(rules.services.map((rule) => [rule.name, rule]));
    const staleFlows: string[] = [];
    for (const [name, rule] of this.#byName) {
      const next = byName.get(name);
      if (next === rule) continue;
      this.#replace(lines, rule, next);
      staleFlows.push(...staleFlowsOf(rule, next));
    }
    for (const rule of rules.services) {
      if (this.#byName.has(rule.name)) continue;
      this.#replace(lines, undefined, rule);
      staleFlows.push(...staleFlowsOf(undefined, rule));
    }
    this.#byName = byName;
    const written = new Set(lines.nat.adds.map((line) => line.split(" ")[1]));
    lines.nat.drops = lines.nat.drops.filter((chain) => !written.has(chain));
    return { script: TABLES.map((table) => render(table, lines[table])).join(""), staleFlows };
  }

  /** The chains of the cluster, empty, and what leads to them; chains of an earlier process go. */
  #begin(lines: Record<Table, Lines>, present: Present): void {
    for (const table of TABLES) {
      for (const [hook, chain] of HOOKS[table]) {
        lines[table].chains.push(this.#chain(chain));
        const jump = this.#jump(hook, chain);
        if (!present[table].split("\n").includes(`-A ${jump}`)) {
          lines[table].adds.push(`-I ${jump}`);
        }
      }
    }
    const left = chainsIn(present.nat, this.names).filter((chain) => !this.#isFixed(chain));
    lines.nat.chains.push(...left, this.#chain("ports"));
    lines.nat.drops.push(...left);
    lines.nat.adds.push(
      `-A ${this.#chain("services")} ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j ${
        this.#chain("ports")
      }`,
      `-A ${this.#chain("hairpin")} -m mark --mark ${HAIRPIN_MARK} -j MASQUERADE`,
    );
  }

  #isFixed(chain: string): boolean {
    return ["services", "ports", "hairpin", "refuse"].some((name) => chain === this.#chain(name));
  }

  #chain(name: string): string {
    return `${this.names.linkPrefix}${name}`;
  }

  #jump(hook: string, chain: string): string {
    return `${hook} -m comment --comment "${this.names.comment}" -j ${this.#chain(chain)}`;
  }

  #replace(
    { nat, filter }: Record<Table, Lines>,
    before: ServiceRule | undefined,
    after: ServiceRule | undefined,
  ): void {
    const [had, has] = [this.#linesOf(before), this.#linesOf(after)];
    nat.deletes.push(...missingIn(has.nat, had.nat));
    nat.adds.push(...missingIn(had.nat, has.nat));
    filter.deletes.push(...missingIn(has.filter, had.filter));
    filter.adds.push(...missingIn(had.filter, has.filter));
    const [chainsBefore, chains] = [this.#chainsOf(before), this.#chainsOf(after)];
    for (const [chain, rules] of chains) {
      if (chainsBefore.get(chain)?.join() === rules.join()) continue;
      nat.chains.push(chain);
      nat.adds.push(...rules.map((rule) => `-A ${chain} ${rule}`));
    }
    const gone = [...chainsBefore.keys()].filter((chain) => !chains.has(chain));
    nat.chains.push(...gone);
    nat.drops.push(...gone);
  }

  /** Rules of the chains that all services share, by table. */
  #linesOf(rule: ServiceRule | undefined): Record<Table, string[]> {
    if (rule === undefined) return { nat: [], filter: [] };
    const hasPods = rule.backends.length > 0;
    const to = this.#serviceChain(rule);
    return {
      nat: hasPods ? rule.frontends.flatMap((each) => this.#leadIn(rule, each, to)) : [],
      filter: rule.frontends.flatMap((each) => this.#keepOut(rule, each, hasPods)),
    };
  }

  #leadIn(rule: ServiceRule, frontend: Frontend, to: string): string[] {
    const match = matchOf(rule, frontend);
    if (frontend.address === undefined) return [`${this.#chain("ports")} ${match} -j ${to}`];
    const lead = `${this.#chain("services")} ${match}`;
    if (frontend.sources === undefined) return [`${lead} -j ${to}`];
    const from = [
      ...frontend.sources.map((range) => `-s ${range}`),
      `-i ${this.names.linkPrefix}+`,
      "-m addrtype --src-type LOCAL",
    ];
    return from.map((source) => `${lead} ${source} -j ${to}`);
  }

  /** What reaches these rules has met no pod. */
  #keepOut(rule: ServiceRule, frontend: Frontend, hasPods: boolean): string[] {
    const lead = `${this.#chain("refuse")} ${matchOf(rule, frontend)}`;
    if (hasPods) return frontend.sources === undefined ? [] : [`${lead} -j DROP`];
    const local = frontend.address === undefined ? " -m addrtype --dst-type LOCAL" : "";
    const how = rule.protocol === "TCP" ? "tcp-reset" : "icmp-port-unreachable";
    return [`${lead}${local} -j REJECT --reject-with ${how}`];
  }

  /** Chains that belong to the rule alone, with their rules. */
  #chainsOf(rule: ServiceRule | undefined): Map<string, string[]> {
    if (rule === undefined || rule.backends.length === 0) return new Map();
    const pods = Array.from(rule.backends, (pod) => [this.#podChain(rule, pod), pod] as const);
    const chains = pods.map(([chain, pod]): [string, string[]] => [chain, [
      `-s ${pod.ip}/32 -j MARK --set-xmark ${HAIRPIN_MARK}`,
      `-p ${rule.protocol.toLowerCase()}${
        remember(rule, chain)
      } -j DNAT --to-destination ${pod.ip}:${pod.port}`,
    ]]);
    const picks = pickRules(rule, pods.map(([chain]) => chain));
    return new Map([[this.#serviceChain(rule), picks], ...chains]);
  }

  #serviceChain({ name }: ServiceRule): string {
    return this.#chain(`s${digest(name)}`).slice(0, CHAIN_NAME_MAX);
  }

  #podChain({ name }: ServiceRule, { ip, port }: PodAddress): string {
    return this.#chain(`p${digest(`${name} ${ip}:${port}`)}`).slice(0, CHAIN_NAME_MAX);
  }
}

/** @param saved output of `iptables-save -t nat` */
export function chainsIn(saved: string, { linkPrefix }: ClusterNames): string[] {
  return saved.split("\n").flatMap((line) =>
    line.startsWith(`:${linkPrefix}`) ? [line.slice(1).split(" ")[0] ?? ""] : []
  );
}

/** Takes everything of the cluster away. @returns "" when there is nothing */
export function renderIptablesRemoval(names: ClusterNames, present: Present): string {
  return TABLES.map((table) => {
    const chains = chainsIn(present[table], names);
    const jumps = present[table].split("\n")
      .filter((line) => line.startsWith("-A ") && line.includes(` -j ${names.linkPrefix}`))
      .filter((line) => !line.startsWith(`-A ${names.linkPrefix}`))
      .map((line) => line.slice("-A ".length));
    return render(table, { chains, deletes: jumps, adds: [], drops: chains });
  }).join("");
}

/** A client that came before goes where it went; all others to a pod at random. */
function pickRules({ affinitySeconds }: ServiceRule, chains: readonly string[]): string[] {
  const known = affinitySeconds === 0
    ? []
    : chains.map((chain) =>
      `-m recent --name ${chain} --rcheck --seconds ${affinitySeconds} --reap -j ${chain}`
    );
  const fresh = chains.map((chain, i) => {
    const left = chains.length - i;
    const chance = `-m statistic --mode random --probability ${(1 / left).toFixed(10)} `;
    return `${left === 1 ? "" : chance}-j ${chain}`;
  });
  return [...known, ...fresh];
}

function remember({ affinitySeconds }: ServiceRule, chain: string): string {
  return affinitySeconds === 0 ? "" : ` -m recent --name ${chain} --set`;
}

function matchOf({ protocol }: ServiceRule, { address, port }: Frontend): string {
  const name = protocol.toLowerCase();
  const to = address === undefined ? "" : `-d ${address}/32 `;
  return `${to}-p ${name} -m ${name} --dport ${port}`;
}

function missingIn(those: readonly string[], these: readonly string[]): string[] {
  const known = new Set(those);
  return these.filter((line) => !known.has(line));
}

function noLines(): Lines {
  return { chains: [], deletes: [], adds: [], drops: [] };
}

/** A chain that is named is emptied first; a rule without a verb is added. */
function render(table: Table, { chains, deletes, adds, drops }: Lines): string {
  if (chains.length + deletes.length + adds.length === 0) return "";
  return [
    `*${table}`,
    ...[...new Set(chains)].map((chain) => `:${chain} - [0:0]`),
    ...deletes.map((rule) => `-D ${rule}`),
    ...adds.map((rule) => rule.startsWith("-") ? rule : `-A ${rule}`),
    ...drops.map((chain) => `-X ${chain}`),
    "COMMIT",
    "",
  ].join("\n");
}

/** Letters and digits only; 16 of them tell more services apart than any cluster has. */
function digest(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex").slice(0, 24);
  return BigInt(`0x${hex}`).toString(36).slice(0, 16);
}
