import type { Endpoints, Service } from "../api/types/core_v1.ts";
import { ENDPOINTS, SERVICES } from "../api/types/resources.ts";
import type { WatchedCache } from "../client/cache.ts";
import { addressBytes } from "./addresses.ts";
import { hostOf } from "./service_records.ts";

/** Finds names by address. It is built when somebody asks first, and follows the cache from then on. */
export class ReverseNames {
  readonly #cache: WatchedCache;
  readonly #domain: string;
  /** Keys of services, `namespace/name`, by address in hexadecimal. */
  readonly #services = new Map<string, Set<string>>();
  #end: (() => void) | undefined;

  constructor(cache: WatchedCache, domain: string) {
    this.#cache = cache;
    this.#domain = domain;
  }

  /** @returns full names without a dot at the end, in a fixed order; [] where the cluster knows no such address */
  namesOf(address: Uint8Array): string[] {
    this.#follow();
    const hex = hexOf(address);
    const keys = [...this.#services.get(hex) ?? []].sort();
    return [...new Set(keys.flatMap((key) => this.#namesIn(key, hex)))];
  }

  close(): void {
    this.#end?.();
    this.#services.clear();
    this.#end = undefined;
  }

  #follow(): void {
    if (this.#end !== undefined) return;
    const ends = [
      // what is there already is delivered at once
      this.#cache.onChange(SERVICES, (before, after) => this.#move(before, after, ipsOfService)),
      this.#cache.onChange(ENDPOINTS, (before, after) => this.#move(before, after, ipsOfEndpoints)),
    ];
    this.#end = () => ends.forEach((end) => end());
  }

  #move<T extends Readonly<Service> | Readonly<Endpoints>>(
    before: T | undefined,
    after: T | undefined,
    ipsOf: (object: T) => string[],
  ): void {
    const { namespace = "", name = "" } = (after ?? before)?.metadata ?? {};
    const key = `${namespace}/${name}`;
    const [old, now] = [before, after].map((each) =>
      new Set(each === undefined ? [] : ipsOf(each).flatMap(hexOfText))
    );
    for (const hex of old ?? []) if (!now?.has(hex)) this.#forget(hex, key);
    for (const hex of now ?? []) {
      const keys = this.#services.get(hex);
      if (keys === undefined) this.#services.set(hex, new Set([key]));
      else keys.add(key);
    }
  }

  #forget(hex: string, key: string): void {
    const keys = this.#services.get(hex);
    keys?.delete(key);
    if (keys?.size === 0) this.#services.delete(hex);
  }

  #namesIn(key: string, hex: string): string[] {
    const [namespace = "", name = ""] = key.split("/");
    const service = this.#cache.get(SERVICES, namespace, name);
    if (service === undefined) return [];
    const base = `${name}.${namespace}.svc.${this.#domain}`;
    if (ipsOfService(service).flatMap(hexOfText).includes(hex)) return [base];
    if (service.spec.clusterIP !== "None") return [];
    const subsets = this.#cache.get(ENDPOINTS, namespace, name)?.subsets ?? [];
    return subsets.flatMap(({ addresses = [] }) => addresses)
      .filter(({ ip }) => hexOfText(ip)[0] === hex)
      .map((address) => `${hostOf(address)}.${base}`);
  }
}

function ipsOfService({ spec }: Readonly<Service>): string[] {
  const { clusterIP = "", clusterIPs = [clusterIP] } = spec;
  return clusterIPs;
}

function ipsOfEndpoints({ subsets = [] }: Readonly<Endpoints>): string[] {
  return subsets.flatMap(({ addresses = [] }) => addresses.map(({ ip }) => ip));
}

function hexOfText(ip: string): string[] {
  const bytes = addressBytes(ip);
  return bytes === undefined ? [] : [hexOf(bytes)];
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
