import type { Settings } from "./flags.ts";
import { LOG_FORMATS, type LogFormat } from "./log.ts";
import { type Role, ROLES } from "./installation.ts";

/** The arguments make no sense; the message is for whoever typed them. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Enough for every link, table and pin that is named after the cluster. */
const CLUSTER_NAME_LENGTH_MAX = 20;

function refuse(flag: string, value: string, rule: string): never {
  throw new UsageError(`--${flag} ${JSON.stringify(value)}: ${rule}`);
}

/** Links, tables and pins carry the name, so it has to be short and plain. */
export function clusterName(value: string): string {
  const isPlain = /^[a-z]([a-z0-9-]*[a-z0-9])?$/.test(value);
  if (isPlain && value.length <= CLUSTER_NAME_LENGTH_MAX) return value;
  const rule = `must be at most ${CLUSTER_NAME_LENGTH_MAX} lower case letters, digits and dashes`;
  return refuse("cluster-name", value, `${rule}, and begin with a letter`);
}

export function nodeName(value: string): string {
  const label = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
  if (new RegExp(`^${label}(\\.${label})*$`).test(value) && value.length <= 253) return value;
  return refuse("node-name", value, "must be a lower case DNS name");
}

export function absolutePath(flag: string, value: string): string {
  if (value.startsWith("/") && !value.split("/").includes("..") && value !== "/") {
    return value.replace(/\/+$/, "");
  }
  return refuse(flag, value, "must be an absolute path");
}

export function optionalPath(flag: string, value: string): string {
  return value === "" ? "" : absolutePath(flag, value);
}

export function store(value: string): string {
  if (value === "" || value.startsWith("/")) return optionalPath("store", value);
  const endpoints = etcdEndpoints(value);
  if (endpoints !== undefined && endpoints.every(isEndpoint)) return value;
  const rule = "must be an absolute path, or etcd:http://HOST:PORT with more after commas";
  return refuse("store", value, rule);
}

/** @returns undefined where the store is a file */
export function etcdEndpoints(store: string): readonly string[] | undefined {
  return store.startsWith("etcd:") ? store.slice("etcd:".length).split(",") : undefined;
}

function isEndpoint(value: string): boolean {
  const url = URL.parse(value);
  return url !== null && ["http:", "https:"].includes(url.protocol) && url.pathname === "/";
}

function isIpv4(value: string): boolean {
  const parts = value.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) < 256);
}

export function ipv4(flag: string, value: string): string {
  return isIpv4(value) ? value : refuse(flag, value, "must be an IPv4 address");
}

/** Small enough that a service or pod fits, and not so large that an allocation map would hurt. */
export function cidr(flag: string, value: string): string {
  const [address = "", length = ""] = value.split("/");
  const isLength = /^\d+$/.test(length) && Number(length) >= 8 && Number(length) <= 28;
  if (isIpv4(address) && isLength) return value;
  return refuse(flag, value, "must be an IPv4 range such as 10.96.0.0/16, from /8 to /28");
}

function isPort(value: string, first = 1): boolean {
  return /^\d+$/.test(value) && Number(value) >= first && Number(value) <= 65_535;
}

/** @param first 0 where any free port will do */
export function port(flag: string, value: string, first = 1): number {
  if (isPort(value, first)) return Number(value);
  return refuse(flag, value, `must be a port from ${first} to 65535`);
}

export function portRange(flag: string, value: string): { first: number; last: number } {
  const [first = "", last = ""] = value.split("-");
  if (isPort(first) && isPort(last) && Number(first) <= Number(last)) {
    return { first: Number(first), last: Number(last) };
  }
  return refuse(flag, value, "must be a range of ports such as 30000-32767");
}

/** @returns the text as it is: whoever gives the addresses out reads it */
export function addressPool(flag: string, value: string): string {
  const isRange = (text: string) => {
    const [first = "", last = first, ...more] = text.split("-");
    if (isIpv4(first) && isIpv4(last) && more.length === 0) return true;
    const [address = "", length = ""] = text.split("/");
    return isIpv4(address) && /^\d+$/.test(length) && Number(length) >= 8 && Number(length) <= 32;
  };
  if (value === "" || value.split(",").every(isRange)) return value;
  return refuse(flag, value, "must be ranges such as 192.0.2.10-192.0.2.20 or 192.0.2.64/27");
}

export function sysctlPatterns(value: string): string[] {
  if (value === "") return [];
  const patterns = value.split(",");
  if (patterns.every((one) => /^[a-z0-9][-_a-z0-9]*([./][-_a-z0-9]+)*([./]?\*)?$/.test(one))) {
    return patterns;
  }
  const rule = "must be names of sysctls such as net.core.somaxconn or net.*, with commas between";
  return refuse("allowed-unsafe-sysctls", value, rule);
}

export function count(flag: string, value: string): number {
  return /^\d{1,9}$/.test(value) ? Number(value) : refuse(flag, value, "must be a whole number");
}

export function positive(flag: string, value: string): number {
  return /^[1-9]\d{0,8}$/.test(value)
    ? Number(value)
    : refuse(flag, value, "must be a whole number above 0");
}

export function backend(value: string): Settings["backend"] {
  const known = ["auto", "ebpf", "nftables", "iptables"] as const;
  const found = known.find((one) => one === value);
  return found ?? refuse("backend", value, "must be auto, ebpf, nftables or iptables");
}

export function overlay(value: string): Settings["overlay"] {
  if (value === "vxlan" || value === "routes") return value;
  return refuse("overlay", value, "must be vxlan or routes");
}

export function serverUrl(value: string): string {
  const url = value === "" ? undefined : URL.parse(value);
  if (url === undefined) return "";
  const isPlain = url?.protocol === "https:" && url.pathname === "/" && url.search === "";
  return isPlain ? url.origin : refuse("server", value, "must be https://HOST:PORT");
}

export function bootstrapToken(value: string): string {
  if (value === "" || /^[a-z0-9]{6}\.[a-z0-9]{16}$/.test(value)) return value;
  // not told again: it may be a secret with a mistake in it
  throw new UsageError("--token: must be 6 letters or digits, a dot and 16 more, as token prints");
}

export function caHash(value: string): string {
  if (value === "" || /^sha256:[0-9a-f]{64}$/.test(value)) return value;
  return refuse("ca-hash", value, "must be sha256: and 64 hexadecimal digits");
}

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

export function durationMs(flag: string, value: string): number {
  const [, count = "", unit = ""] = /^(\d{1,6})([smh])$/.exec(value) ?? [];
  const unitMs = UNIT_MS[unit];
  if (unitMs !== undefined) return Number(count) * unitMs;
  return value === "0" ? 0 : refuse(flag, value, "must be a time such as 30m or 24h, or 0");
}

export function roles(value: string): readonly Role[] {
  const asked = value.split(",");
  if (asked.every((one) => ROLES.some((role) => role === one))) {
    return ROLES.filter((role) => asked.includes(role));
  }
  return refuse("role", value, `must be of ${ROLES.join(" and ")}, with a comma between two`);
}

export function dockerHost(value: string): string {
  if (value.startsWith("unix:///")) return value;
  return refuse("docker-host", value, "must be unix:///path: the engine has to be on this host");
}

export function loggingFormat(value: string): LogFormat {
  const format = LOG_FORMATS.find((one) => one === value);
  return format ?? refuse("logging-format", value, `must be ${LOG_FORMATS.join(" or ")}`);
}
