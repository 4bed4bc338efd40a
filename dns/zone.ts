import { ENDPOINTS, SERVICES } from "../api/types/resources.ts";
import type { Cache } from "../client/cache.ts";
import type { DnsRecord } from "./records.ts";
import { nameData, soaData, textData } from "./records.ts";
import { addressBytes, undashed } from "./addresses.ts";
import { addressRecords, endpointRecords, type Records, srvRecords } from "./service_records.ts";
import { TYPE } from "./wire.ts";

/** How long a client may remember what stands in the API. Source: CoreDNS in its usual settings. */
export const TTL_SECONDS = 5;
/** Source: the specification of DNS for Kubernetes. */
const SCHEMA_VERSION = "1.1.0";

/** What the API says of one name. */
export type Finding =
  /** [] where the name exists, but has no record of the type. */
  | Records
  /** The name stands for another, in the cluster or not. */
  | { readonly alias: string }
  | "nowhere";

export interface Found {
  readonly finding: Finding;
  /** `namespace/name` of the service whose change may change this; without a name, any of the namespace. */
  readonly dependsOn: string;
}

export interface ZoneOptions {
  /** Services and Endpoints of the whole cluster. */
  readonly cache: Cache;
  /** In lower case and without a dot at the end, such as `cluster.local`. */
  readonly domain: string;
  /** Where this zone is asked: the address of `ns.dns.DOMAIN`. */
  readonly serverIp: () => string;
}

const NOTHING: Records = { answers: [], additionals: [] };
const ONE_OF_ALL = { dependsOn: "" };

/** The names of a cluster, worked out from services and endpoints as they are asked for: nothing is kept. */
export class Zone {
  readonly #with: ZoneOptions;
  readonly soa: DnsRecord;
  readonly #domainLabels: number;

  constructor(options: ZoneOptions) {
    this.#with = options;
    this.#domainLabels = options.domain.split(".").length;
    this.soa = {
      owner: keyOfDomain(options.domain),
      type: TYPE.SOA,
      ttlSeconds: TTL_SECONDS,
      data: soaData({
        primary: `ns.dns.${options.domain}`,
        mailbox: `hostmaster.${options.domain}`,
        negativeSeconds: TTL_SECONDS,
      }),
    };
  }

  /** @param labels of the whole name, in lower case. @returns those before the domain, undefined outside of it */
  within(labels: readonly string[]): readonly string[] | undefined {
    const count = labels.length - this.#domainLabels;
    const isWithin = count >= 0 && labels.slice(count).join(".") === this.#with.domain;
    return isWithin ? labels.slice(0, count) : undefined;
  }

  /** @param labels those before the domain */
  find(labels: readonly string[], type: number): Found {
    const [last, rest] = [labels.at(-1), labels.slice(0, -1)];
    if (last === undefined) return { ...ONE_OF_ALL, finding: this.#apex(type) };
    if (labels.length === 1 && last === "dns-version") {
      const version = { type: TYPE.TXT, ttlSeconds: TTL_SECONDS, data: textData(SCHEMA_VERSION) };
      return { ...ONE_OF_ALL, finding: only(type, [version]) };
    }
    if (last === "dns" && labels.length <= 2) {
      return { ...ONE_OF_ALL, finding: this.#server(rest, type) };
    }
    if (last === "pod") return { ...ONE_OF_ALL, finding: podFinding(rest, type) };
    return this.#inNamespaces(last === "svc" ? rest : labels, type);
  }

  #apex(type: number): Finding {
    const server = nameData(`ns.dns.${this.#with.domain}`);
    const { owner: _, ...soa } = this.soa;
    return only(type, [soa, { type: TYPE.NS, ttlSeconds: TTL_SECONDS, data: server }]);
  }

  /** `ns.dns.DOMAIN`, which the SOA names. */
  #server([host]: readonly string[], type: number): Finding {
    if (host === undefined) return NOTHING;
    return host === "ns" ? addressRecords([this.#with.serverIp()], type) : "nowhere";
  }

  /** @param labels `[namespace]`, or `[…, service, namespace]` */
  #inNamespaces(labels: readonly string[], type: number): Found {
    const { cache } = this.#with;
    const [namespace, name] = [labels.at(-1), labels.at(-2)];
    if (namespace === undefined) return { ...ONE_OF_ALL, finding: NOTHING };
    if (name === undefined) {
      const isThere = cache.list(SERVICES, namespace).length > 0;
      return { finding: isThere ? NOTHING : "nowhere", dependsOn: `${namespace}/` };
    }
    const dependsOn = `${namespace}/${name}`;
    const service = cache.get(SERVICES, namespace, name);
    if (service === undefined) return { finding: "nowhere", dependsOn };
    if (service.spec.type === "ExternalName") {
      const alias = service.spec.externalName ?? "";
      return { finding: labels.length === 2 ? { alias } : "nowhere", dependsOn };
    }
    const endpoints = cache.get(ENDPOINTS, namespace, name);
    const backed = { service, endpoints, domain: this.#with.domain };
    const prefix = labels.slice(0, -2);
    const finding = prefix.length < 2 && !prefix[0]?.startsWith("_")
      ? endpointRecords(backed, prefix[0], type)
      : srvRecords(backed, prefix, type);
    return { finding: finding ?? "nowhere", dependsOn };
  }
}

/** `10-1-2-3.default.pod.DOMAIN`: the address that the name says. */
function podFinding(labels: readonly string[], type: number): Finding {
  const [host, namespace] = labels;
  if (labels.length > 2) return "nowhere";
  if (host === undefined || namespace === undefined) return NOTHING;
  const ip = undashed(host);
  return ip === undefined || addressBytes(ip) === undefined
    ? "nowhere"
    : addressRecords([ip], type);
}

function only(type: number, records: readonly DnsRecord[]): Records {
  const isWanted = (record: DnsRecord) => type === TYPE.ANY || record.type === type;
  return { answers: records.filter(isWanted), additionals: [] };
}

function keyOfDomain(domain: string): string {
  return String.fromCharCode(...nameData(domain));
}
