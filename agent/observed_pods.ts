import type { RuntimeContainer, RuntimeEvent } from "./runtime.ts";

/** What the runtime has, by pod: fed by its events, by the agent's own steps and, now and then, by a whole list. */
export class ObservedPods {
  readonly #pods = new Map<string, Map<string, RuntimeContainer>>();
  /** For each list that is being made: ids of which something newer was learned meanwhile. */
  readonly #lists = new Set<Set<string>>();

  of(podUid: string): RuntimeContainer[] {
    return [...this.#pods.get(podUid)?.values() ?? []];
  }

  all(): RuntimeContainer[] {
    return [...this.#pods.values()].flatMap((containers) => [...containers.values()]);
  }

  uids(): string[] {
    return [...this.#pods.keys()];
  }

  /** Pods of which anything runs. */
  runningUids(): Set<string> {
    return new Set(this.all().filter(({ state }) => state === "running").map(({ pod }) => pod.uid));
  }

  /** @returns true when something changed */
  apply({ podUid, containerId, container }: RuntimeEvent): boolean {
    return container === undefined ? this.forget(podUid, containerId) : this.see(container);
  }

  /** @returns true when something changed */
  see(container: RuntimeContainer): boolean {
    this.#touch(container.id);
    const containers = this.#pods.get(container.pod.uid) ?? new Map<string, RuntimeContainer>();
    this.#pods.set(container.pod.uid, containers);
    const before = containers.get(container.id);
    // events come late: what has ended does not run again
    if (before?.state === "exited") return false;
    containers.set(container.id, container);
    return before?.state !== container.state || before.error !== container.error;
  }

  /** @returns true when it was known */
  forget(podUid: string, containerId: string): boolean {
    this.#touch(containerId);
    const containers = this.#pods.get(podUid);
    const wasKnown = containers?.delete(containerId) ?? false;
    if (containers?.size === 0) this.#pods.delete(podUid);
    return wasKnown;
  }

  #touch(containerId: string): void {
    for (const touched of this.#lists) touched.add(containerId);
  }

  /**
   * Takes a whole list as the truth, but for containers of which news came while it was made.
   * @returns uids of the pods that differ from what was known
   */
  async replace(listing: () => Promise<readonly RuntimeContainer[]>): Promise<Set<string>> {
    const touched = new Set<string>();
    this.#lists.add(touched);
    const list = await listing().finally(() => this.#lists.delete(touched));
    const changed = new Set<string>();
    const ids = new Set(list.map(({ id }) => id));
    for (const { id, pod } of this.all()) {
      if (!ids.has(id) && !touched.has(id) && this.forget(pod.uid, id)) changed.add(pod.uid);
    }
    for (const container of list) {
      if (!touched.has(container.id) && this.see(container)) changed.add(container.pod.uid);
    }
    return changed;
  }
}
