import type { PodNetwork } from "./pod_network.ts";

const HOSTS = 254;

/** The first free address of its /24, from .1 on and round, and no wires. For tests, the simulation and hollow nodes. */
export class FakePodNetwork implements PodNetwork {
  readonly #prefix: string;
  readonly wired = new Map<string, string>();
  /** May throw in place of wiring. */
  intercept: () => void = () => {};
  #last = 0;

  /** @param prefix the first three bytes of every address */
  constructor(prefix = "10.0.0") {
    this.#prefix = prefix;
  }

  // deno-lint-ignore require-await -- it throws as the real one does
  async attach({ uid }: { uid: string }): Promise<{ ip: string }> {
    this.intercept();
    const ip = this.wired.get(uid) ?? this.#free();
    this.wired.set(uid, ip);
    return { ip };
  }

  #free(): string {
    const used = new Set(this.wired.values());
    if (used.size >= HOSTS) throw new Error(`no address is free in ${this.#prefix}.0/24`);
    let ip: string;
    do {
      this.#last = this.#last % HOSTS + 1;
      ip = `${this.#prefix}.${this.#last}`;
    } while (used.has(ip));
    return ip;
  }

  detach(podUid: string): Promise<void> {
    this.wired.delete(podUid);
    return Promise.resolve();
  }

  list(): Promise<ReadonlyMap<string, string>> {
    return Promise.resolve(new Map(this.wired));
  }
}
