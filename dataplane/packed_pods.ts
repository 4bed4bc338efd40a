import { formatIpv4, parseIpv4 } from "./ipv4.ts";
import type { PodAddress, Pods, ServiceRule } from "./rules.ts";

/** Bytes of one pod: address and port, the most significant byte first, as the kernel has them too. */
const POD_BYTES = 6;

/** Pods as one text with a byte in each character, objects again when somebody looks: a tenth of what those take. */
export class PackedPods implements Pods {
  readonly #text: string;

  constructor(pods: Iterable<PodAddress>) {
    this.#text = Array.from(pods, textOf).join("");
  }

  get length(): number {
    return this.#text.length / POD_BYTES;
  }

  *[Symbol.iterator](): IterableIterator<PodAddress> {
    const text = this.#text;
    const byte = (at: number, shift: number) => text.charCodeAt(at) << shift;
    for (let at = 0; at < text.length; at += POD_BYTES) {
      const address = byte(at, 24) | byte(at + 1, 16) | byte(at + 2, 8) | byte(at + 3, 0);
      yield { ip: formatIpv4(address), port: byte(at + 4, 8) | byte(at + 5, 0) };
    }
  }

  /** @param stride from the first byte of one pod to that of the next */
  copyInto(bytes: Uint8Array, stride: number): void {
    const text = this.#text;
    for (let pod = 0; pod * POD_BYTES < text.length; pod++) {
      for (let i = 0; i < POD_BYTES; i++) {
        bytes[pod * stride + i] = text.charCodeAt(pod * POD_BYTES + i);
      }
    }
  }

  /** @param port absent: any */
  has(ip: string, port?: number): boolean {
    const sought = textOf({ ip, port: port ?? 0 }).slice(0, port === undefined ? 4 : POD_BYTES);
    let at = this.#text.indexOf(sought);
    while (at >= 0 && at % POD_BYTES !== 0) at = this.#text.indexOf(sought, at + 1);
    return at >= 0;
  }
}

/** The rule as it is kept of services by the thousand. */
export function packedRule(rule: ServiceRule): ServiceRule {
  const { name, protocol, frontends, backends, affinitySeconds, wakes } = rule;
  // no spread of the rest: objects made like that take twice as much
  const packed = { name, protocol, frontends, backends: new PackedPods(backends), affinitySeconds };
  return wakes === undefined ? packed : { ...packed, wakes };
}

/** @param port absent: any */
export function leadsTo({ backends }: ServiceRule, ip: string, port?: number): boolean {
  if (backends instanceof PackedPods) return backends.has(ip, port);
  return [...backends].some((pod) => pod.ip === ip && (port === undefined || pod.port === port));
}

function textOf({ ip, port }: PodAddress): string {
  const address = parseIpv4(ip);
  if (address === undefined) throw new Error(`Cannot program ${ip}: it is not an IPv4 address`);
  const byte = (shift: number) => (address >>> shift) & 255;
  return String.fromCharCode(byte(24), byte(16), byte(8), byte(0), port >>> 8, port & 255);
}
