import type { Endpoints, Service } from "../api/types/core_v1.ts";
import { ENDPOINTS, SERVICES } from "../api/types/resources.ts";
import type { WatchedCache } from "../client/cache.ts";
import { addressOfReverse } from "./addresses.ts";
import { keyOfText, labelsOf } from "./names.ts";
import { type DnsRecord, nameData, prepare, type Prepared } from "./records.ts";
import { PreparedAnswers } from "./prepared_answers.ts";
import type { KernelAnswers } from "./kernel_answers.ts";
import { ReverseNames } from "./reverse.ts";
import type { Records } from "./service_records.ts";
import { RCODE, TYPE } from "./wire.ts";
import { TTL_SECONDS, Zone } from "./zone.ts";

/** Services that stand for services that stand for … Source: the longest chain that resolvers follow. */
const ALIASES_MAX = 8;

/** The name leaves the cluster: what stands there has to be asked for and put behind these records. */
export interface Elsewhere {
  readonly chain: readonly DnsRecord[];
  /** Key of the name outside. */
  readonly target: string;
}

/** Answers for the names of the cluster, as bytes that are kept until what they say has changed. */
export class ClusterAnswers {
  readonly #zone: Zone;
  readonly #reverse: ReverseNames;
  readonly #prepared: PreparedAnswers;
  readonly #ends: (() => void)[];

  constructor(
    cache: WatchedCache,
    domain: string,
    serverIp: () => string,
    kernel?: KernelAnswers,
  ) {
    this.#prepared = new PreparedAnswers(kernel);
    this.#zone = new Zone({ cache, domain, serverIp });
    this.#reverse = new ReverseNames(cache, domain);
    const forget = (
      before: Readonly<Service | Endpoints> | undefined,
      after: Readonly<Service | Endpoints> | undefined,
    ) => this.#forget(before, after);
    this.#ends = [cache.onChange(SERVICES, forget), cache.onChange(ENDPOINTS, forget)];
  }

  /** @returns undefined when the name is none of the cluster's */
  answer(key: string, type: number): Prepared | Elsewhere | undefined {
    const question = key + String.fromCharCode(type);
    const known = this.#prepared.get(question);
    if (known !== undefined) return known;
    const labels = labelsOf(key);
    const inside = this.#zone.within(labels);
    if (inside === undefined) return this.#reversed(labels, type);
    const dependsOn: string[] = [];
    const answer = this.#resolve(inside, type, dependsOn);
    if ("target" in answer) return answer;
    this.#prepared.set(question, answer, dependsOn);
    return answer;
  }

  /** The kernel keeps what it has. */
  close(): void {
    for (const end of this.#ends) end();
    this.#reverse.close();
    this.#prepared.clear();
  }

  #resolve(labels: readonly string[], type: number, dependsOn: string[]): Prepared | Elsewhere {
    const chain: DnsRecord[] = [];
    let [inside, owner]: [readonly string[], string | undefined] = [labels, undefined];
    while (true) {
      const found = this.#zone.find(inside, type);
      dependsOn.push(found.dependsOn);
      const { finding } = found;
      if (finding === "nowhere") return this.#empty(RCODE.NXDOMAIN, chain);
      if (!("alias" in finding)) return this.#records(finding, chain, owner);
      const target = keyOfText(finding.alias);
      if (target === undefined || chain.length >= ALIASES_MAX) {
        return this.#empty(RCODE.SERVFAIL, []);
      }
      chain.push(aliasRecord(owner, finding.alias));
      if (type === TYPE.CNAME) return this.#records({ answers: [], additionals: [] }, chain, owner);
      const next = this.#zone.within(labelsOf(target));
      if (next === undefined) return { chain, target };
      [inside, owner] = [next, target];
    }
  }

  #records({ answers, additionals }: Records, chain: DnsRecord[], owner?: string): Prepared {
    if (answers.length + chain.length === 0) return this.#empty(RCODE.NOERROR, []);
    const named = owner === undefined ? answers : answers.map((each) => ({ ...each, owner }));
    return prepare({
      rcode: RCODE.NOERROR,
      isAuthoritative: true,
      answers: [...chain, ...named],
      additionals,
    });
  }

  #empty(rcode: number, chain: readonly DnsRecord[]): Prepared {
    const authorities = [this.#zone.soa];
    return prepare({ rcode, isAuthoritative: true, answers: chain, authorities });
  }

  /** Only addresses that the cluster knows: others are no business of ours. */
  #reversed(labels: readonly string[], type: number): Prepared | undefined {
    const address = labels.at(-1) === "arpa" ? addressOfReverse(labels) : undefined;
    const names = address === undefined ? [] : this.#reverse.namesOf(address);
    if (names.length === 0) return undefined;
    if (type !== TYPE.PTR && type !== TYPE.ANY) return this.#empty(RCODE.NOERROR, []);
    const answers = names.map((name) => ({
      type: TYPE.PTR,
      ttlSeconds: TTL_SECONDS,
      data: nameData(name),
    }));
    return prepare({ rcode: RCODE.NOERROR, isAuthoritative: true, answers });
  }

  #forget(
    before: Readonly<Service | Endpoints> | undefined,
    after: Readonly<Service | Endpoints> | undefined,
  ): void {
    const { namespace = "", name = "" } = (after ?? before)?.metadata ?? {};
    this.#prepared.drop(`${namespace}/${name}`);
    if (before === undefined || after === undefined) this.#prepared.drop(`${namespace}/`);
  }
}

function aliasRecord(owner: string | undefined, alias: string): DnsRecord {
  const named = owner === undefined ? {} : { owner };
  return { ...named, type: TYPE.CNAME, ttlSeconds: TTL_SECONDS, data: nameData(alias) };
}
