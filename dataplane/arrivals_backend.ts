import type { Backend, ServiceCounters } from "./backend.ts";
import { ruleForArrivals, type Rules, type ServiceRule } from "./rules.ts";

/**
 * A backend for the sockets of this node, joined by one for packets that come from outside: to node ports, external
 * IPs and load balancers. The second does nothing while there is no such service.
 */
export class ArrivalsBackend implements Backend {
  readonly name;
  /** The same object for the same rule, as backends expect. */
  readonly #known = new WeakMap<ServiceRule, ServiceRule | undefined>();

  constructor(readonly sockets: Backend, readonly arrivals: Backend) {
    this.name = sockets.name;
  }

  async sync(rules: Rules): Promise<void> {
    await this.sockets.sync(rules);
    await this.arrivals.sync(this.#arrivalsOf(rules));
  }

  #arrivalsOf({ nodeAddresses, services }: Rules): Rules {
    const found: ServiceRule[] = [];
    for (const rule of services) {
      if (!rule.frontends.some(({ isExternal }) => isExternal)) continue;
      if (!this.#known.has(rule)) this.#known.set(rule, ruleForArrivals(rule));
      const left = this.#known.get(rule);
      if (left !== undefined) found.push(left);
    }
    return { nodeAddresses, services: found };
  }

  counters(): ReadonlyMap<string, ServiceCounters> {
    return this.sockets.counters?.() ?? new Map();
  }

  onAttempt(listener: (rule: string) => void): void {
    this.sockets.onAttempt?.(listener);
  }

  async close(): Promise<void> {
    await Promise.all([this.sockets.close(), this.arrivals.close()]);
  }

  async remove(): Promise<void> {
    await Promise.all([this.sockets.remove(), this.arrivals.remove()]);
  }
}
