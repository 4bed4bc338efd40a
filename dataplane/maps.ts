/** The structs of bpf/service_lb.h as bytes. Pure; sizes and byte order are pinned by maps_test.ts. */
import { formatIpv4, parseIpv4 } from "./ipv4.ts";
import { PackedPods } from "./packed_pods.ts";
import type { Frontend, PodAddress, Pods, Protocol } from "./rules.ts";

/** Goes into the pin path of the maps: another layout means other maps. */
export const SERVICE_LB_ABI = 2;
export const FRONTENDS_MAX = 65_536;
export const BACKENDS_MAX = 524_288;
export const SERVICES_MAX = 65_536;
export const NODE_ADDRESSES_MAX = 1_024;

export const FRONTEND_KEY_BYTES = 8;
export const SERVICE_BYTES = 24;
export const BACKEND_BYTES = 8;
export const COUNTERS_BYTES = 16;
export const ADDRESS_BYTES = 4;
export const SLEEPERS_MAX = 1_024;
export const SLEEPER_BYTES = 16;
export const ID_BYTES = 4;
export const COUNTED_BACKENDS_MAX = 65_536;
export const COUNTED_BACKEND_BYTES = 12;
export const BACKEND_COUNTERS_BYTES = 24;

const PROTOCOL_NUMBER: Readonly<Record<Protocol, number>> = { TCP: 6, UDP: 17 };
const SCOPE_ADDRESS = 0;
const SCOPE_NODE = 1;

/** struct service. */
export interface ServiceValue {
  readonly id: number;
  readonly generation: number;
  readonly first: number;
  readonly count: number;
  readonly affinitySeconds: number;
  /** Of the frontend: who may come for it. */
  readonly flags: number;
}

/** A frontend as one number, to be a key of a Map; `encodeFrontendKeys` turns it into struct frontend_key. */
export type FrontendKey = number;

/** Address, port, whether UDP, scope: 50 bits. @throws {Error} when the address is not IPv4 */
export function frontendKeyOf(protocol: Protocol, { address, port }: Frontend): FrontendKey {
  const scope = address === undefined ? SCOPE_NODE : SCOPE_ADDRESS;
  const ip = address === undefined ? 0 : addressOf(address);
  return (ip * 65_536 + port) * 4 + (protocol === "UDP" ? 2 : 0) + scope;
}

/** Source: FRONTEND_EXTERNAL and FRONTEND_GUARDED of service_lb.h. */
export function flagsOf({ isExternal, sources }: Frontend): number {
  return (isExternal ? 1 : 0) + (sources === undefined ? 0 : 2);
}

export function encodeFrontendKeys(keys: readonly FrontendKey[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(keys.length * FRONTEND_KEY_BYTES);
  const view = new DataView(bytes.buffer);
  keys.forEach((key, i) => {
    const at = i * FRONTEND_KEY_BYTES;
    const addressAndPort = Math.floor(key / 4);
    view.setUint32(at, Math.floor(addressAndPort / 65_536));
    view.setUint16(at + 4, addressAndPort % 65_536);
    view.setUint8(at + 6, PROTOCOL_NUMBER[key % 4 >= 2 ? "UDP" : "TCP"]);
    view.setUint8(at + 7, key % 2);
  });
  return bytes;
}

export function decodeFrontendKey(bytes: Uint8Array, index: number): FrontendKey {
  const view = viewOf(bytes);
  const at = index * FRONTEND_KEY_BYTES;
  const isUdp = view.getUint8(at + 6) === PROTOCOL_NUMBER.UDP;
  return (view.getUint32(at) * 65_536 + view.getUint16(at + 4)) * 4 + (isUdp ? 2 : 0) +
    view.getUint8(at + 7);
}

/** In host order, which is little-endian on every machine that Deno runs on. */
export function encodeServices(services: readonly ServiceValue[]): Uint8Array<ArrayBuffer> {
  const words = new Uint32Array(services.length * SERVICE_BYTES / 4);
  services.forEach(({ id, generation, first, count, affinitySeconds, flags }, i) =>
    words.set([id, generation, first, count, affinitySeconds, flags], i * SERVICE_BYTES / 4)
  );
  return new Uint8Array(words.buffer);
}

export function decodeService(bytes: Uint8Array, index: number): ServiceValue {
  const view = viewOf(bytes);
  const word = (i: number) => view.getUint32(index * SERVICE_BYTES + 4 * i, true);
  return {
    id: word(0),
    generation: word(1),
    first: word(2),
    count: word(3),
    affinitySeconds: word(4),
    flags: word(5),
  };
}

/** struct backend, one after the other. @throws {Error} when an address is not IPv4 */
export function encodeBackends(backends: Pods): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(backends.length * BACKEND_BYTES);
  const packed = backends instanceof PackedPods ? backends : new PackedPods(backends);
  packed.copyInto(bytes, BACKEND_BYTES);
  return bytes;
}

/** struct counted_backend and struct backend_counters. */
export interface BackendCount {
  readonly serviceId: number;
  readonly backend: PodAddress;
  readonly connections: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}

export function decodeBackendCount(keys: Uint8Array, values: Uint8Array, i: number): BackendCount {
  const key = viewOf(keys);
  const at = i * COUNTED_BACKEND_BYTES;
  const value = viewOf(values);
  const word = (n: number) => Number(value.getBigUint64(i * BACKEND_COUNTERS_BYTES + 8 * n, true));
  return {
    serviceId: key.getUint32(at, true),
    backend: { ip: formatIpv4(key.getUint32(at + 4)), port: key.getUint16(at + 8) },
    connections: word(0),
    bytesIn: word(1),
    bytesOut: word(2),
  };
}

/** struct sleeper, never told of yet. Undefined: connections are refused meanwhile. */
export function encodeSleepers(
  holders: readonly (PodAddress | undefined)[],
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(holders.length * SLEEPER_BYTES);
  holders.forEach((holder, i) => {
    if (holder !== undefined) bytes.set(encodeBackends([holder]), i * SLEEPER_BYTES);
  });
  return bytes;
}

/** Ids in host order. */
export function encodeIds(ids: readonly number[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new Uint32Array(ids).buffer);
}

export function decodeIds(bytes: Uint8Array, count: number): number[] {
  const view = viewOf(bytes);
  return Array.from({ length: count }, (_, i) => view.getUint32(i * ID_BYTES, true));
}

export function encodeAddresses(addresses: readonly string[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(addresses.length * ADDRESS_BYTES);
  const view = new DataView(bytes.buffer);
  addresses.forEach((address, i) => view.setUint32(i * ADDRESS_BYTES, addressOf(address)));
  return bytes;
}

export function decodeAddresses(bytes: Uint8Array, count: number): string[] {
  const view = viewOf(bytes);
  return Array.from({ length: count }, (_, i) => formatIpv4(view.getUint32(i * ADDRESS_BYTES)));
}

function addressOf(text: string): number {
  const address = parseIpv4(text);
  if (address === undefined) throw new Error(`Cannot program ${text}: it is not an IPv4 address`);
  return address;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
