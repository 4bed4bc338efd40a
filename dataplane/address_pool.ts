import { formatIpv4, type Ipv4Network, isInNetwork, parseIpv4, parseNetwork } from "./ipv4.ts";

/** The network's own address and the first one, kept for the node itself; and the broadcast address. */
const RESERVED_FIRST = 2;
const RESERVED_LAST = 1;

/** Addresses of the pods of one node. They go round, so that one that was just freed is the last to be given again. */
export class AddressPool {
  readonly #network: Ipv4Network;
  readonly #taken = new Set<number>();
  #next: number;

  /** @throws {Error} unless `cidr` is an IPv4 network with room for a pod */
  constructor(readonly cidr: string) {
    this.#network = parseNetwork(cidr);
    if (this.size < 1) throw new Error(`Cannot give pods addresses of ${cidr}: it is too small`);
    this.#next = this.#network.first + RESERVED_FIRST;
  }

  /** How many pods it has room for. */
  get size(): number {
    return this.#network.size - RESERVED_FIRST - RESERVED_LAST;
  }

  /** @throws {Error} when every address is taken */
  take(): string {
    const first = this.#network.first + RESERVED_FIRST;
    for (let i = 0; i < this.size; i++) {
      const address = this.#next;
      this.#next = address + 1 < first + this.size ? address + 1 : first;
      if (this.#taken.has(address)) continue;
      this.#taken.add(address);
      return formatIpv4(address);
    }
    throw new Error(`Cannot give the pod an address: all ${this.size} of ${this.cidr} are taken`);
  }

  /** Marks an address that is in use already; the next ones come behind it. */
  claim(ip: string): void {
    const address = parseIpv4(ip);
    if (address === undefined || !isInNetwork(this.#network, address)) return;
    this.#taken.add(address);
    const end = this.#network.first + RESERVED_FIRST + this.size;
    if (address >= this.#next && address + 1 < end) this.#next = address + 1;
  }

  release(ip: string): void {
    const address = parseIpv4(ip);
    if (address !== undefined) this.#taken.delete(address);
  }
}
