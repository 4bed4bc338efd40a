import type { PodNetwork } from "./pod_network.ts";

/** Addresses 10.0.0.1 and on, and no wires. For tests and the simulation. */
export class FakePodNetwork implements PodNetwork {
  readonly wired = new Map<string, string>();
  /** May throw in place of wiring. */
  intercept: () => void = () => {};
  #last = 0;

  // deno-lint-ignore require-await -- it throws as the real one does
  async attach({ uid }: { uid: string }): Promise<{ ip: string }> {
    this.intercept();
    const ip = this.wired.get(uid) ?? `10.0.0.${++this.#last}`;
    this.wired.set(uid, ip);
    return { ip };
  }

  detach(podUid: string): Promise<void> {
    this.wired.delete(podUid);
    return Promise.resolve();
  }

  list(): Promise<ReadonlyMap<string, string>> {
    return Promise.resolve(new Map(this.wired));
  }
}
