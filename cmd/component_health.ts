import { type Lease, LEASES } from "../api/types/coordination_v1.ts";
import { keyOf } from "../api/registry/keys.ts";
import type { Store } from "../store/store.ts";

export const CONTROLLER_MANAGER = "kube-controller-manager";
export const SCHEDULER = "kube-scheduler";

/** Of another master, whose clock may be another. Well above the length of a lease. */
const SILENT_MS = 30_000;

/** How the scheduler and the controllers are: here, or where several masters share them, on the one that leads. */
export class ComponentHealth {
  readonly #running = new Set<string>();

  /** @returns what `run` returns; the component counts as well while it runs */
  async during(name: string, run: () => Promise<void>): Promise<void> {
    this.#running.add(name);
    try {
      await run();
    } finally {
      this.#running.delete(name);
    }
  }

  /** @returns why the component is not well */
  check(name: string, store: Store | undefined, now: number): string | undefined {
    if (this.#running.has(name)) return undefined;
    const key = keyOf(LEASES, "kube-system", name);
    const spec = (store?.get(key)?.object as Lease | undefined)?.spec;
    if (!spec?.holderIdentity) return `${name} does not run`;
    const silentMs = now - Date.parse(spec.renewTime ?? "");
    if (silentMs < SILENT_MS) return undefined;
    return `${name}: ${spec.holderIdentity} has been silent for ${Math.round(silentMs / 1000)} s`;
  }
}
