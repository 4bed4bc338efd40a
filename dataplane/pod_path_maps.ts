/** The structs of bpf/pod_path.h as bytes. Pure; sizes and byte order are pinned by pod_path_maps_test.ts. */
import { formatIpv4, parseIpv4, parseNetwork } from "./ipv4.ts";

export const PODS_MAX = 4_096;
export const PEERS_MAX = 65_536;

export const POD_KEY_BYTES = 4;
export const POD_BYTES = 12;
export const RANGE_BYTES = 8;
export const PEER_BYTES = 8;

const POD_GUARDED = 1;
const FLAGS_AT = 10;

/** struct pod, and the address that it is found by. */
export interface PodEntry {
  readonly ip: string;
  readonly ifindex: number;
  /** Six bytes in hex, with colons. */
  readonly mac: string;
  readonly isGuarded: boolean;
}

/** struct peer, and the range that it is found by. */
export interface PeerEntry {
  readonly cidr: string;
  readonly ifindex: number;
  readonly nextHop: string;
}

export function encodePods(pods: readonly PodEntry[]) {
  const values = new Uint8Array(pods.length * POD_BYTES);
  const view = new DataView(values.buffer);
  pods.forEach(({ ifindex, mac, isGuarded }, i) => {
    const at = i * POD_BYTES;
    view.setUint32(at, ifindex, true);
    values.set(mac.split(":").map((byte) => Number.parseInt(byte, 16)), at + 4);
    values[at + FLAGS_AT] = isGuarded ? POD_GUARDED : 0;
  });
  return { keys: encodeAddresses(pods.map(({ ip }) => ip)), values };
}

export function decodePods(keys: Uint8Array, values: Uint8Array, count: number): PodEntry[] {
  const view = new DataView(values.buffer, values.byteOffset);
  const addresses = new DataView(keys.buffer, keys.byteOffset);
  return Array.from({ length: count }, (_, i) => {
    const at = i * POD_BYTES;
    const mac = [...values.subarray(at + 4, at + FLAGS_AT)]
      .map((byte) => byte.toString(16).padStart(2, "0")).join(":");
    return {
      ip: formatIpv4(addresses.getUint32(i * POD_KEY_BYTES)),
      ifindex: view.getUint32(at, true),
      mac,
      isGuarded: ((values[at + FLAGS_AT] ?? 0) & POD_GUARDED) !== 0,
    };
  });
}

export function encodeAddresses(addresses: readonly string[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(addresses.length * POD_KEY_BYTES);
  const view = new DataView(bytes.buffer);
  addresses.forEach((ip, i) => view.setUint32(i * POD_KEY_BYTES, addressOf(ip)));
  return bytes;
}

/** struct range. @param cidrs such as 10.244.1.0/24; an address without a length is itself alone */
export function encodeRanges(cidrs: readonly string[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(cidrs.length * RANGE_BYTES);
  const view = new DataView(bytes.buffer);
  cidrs.forEach((cidr, i) => {
    const [, length = "32"] = cidr.split("/");
    view.setUint32(i * RANGE_BYTES, Number(length), true);
    const first = cidr.includes("/") ? parseNetwork(cidr).first : addressOf(cidr);
    view.setUint32(i * RANGE_BYTES + 4, first);
  });
  return bytes;
}

export function decodeRanges(bytes: Uint8Array, count: number): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  return Array.from({ length: count }, (_, i) => {
    const length = view.getUint32(i * RANGE_BYTES, true);
    const network = formatIpv4(view.getUint32(i * RANGE_BYTES + 4));
    return length === 32 ? network : `${network}/${length}`;
  });
}

export function encodePeers(peers: readonly PeerEntry[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(peers.length * PEER_BYTES);
  const view = new DataView(bytes.buffer);
  peers.forEach(({ ifindex, nextHop }, i) => {
    view.setUint32(i * PEER_BYTES, ifindex, true);
    view.setUint32(i * PEER_BYTES + 4, addressOf(nextHop));
  });
  return bytes;
}

function addressOf(text: string): number {
  const address = parseIpv4(text);
  if (address === undefined) throw new Error(`Cannot program ${text}: it is not an IPv4 address`);
  return address;
}
