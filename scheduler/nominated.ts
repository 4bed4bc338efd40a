import type { PodInfo } from "./pod_info.ts";

/** Pods for which room is being made: they count on their node for pods that are no more important. */
export class Nominated {
  readonly #byNode = new Map<string, Map<string, PodInfo>>();
  readonly #nodeOf = new Map<string, string>();

  get size(): number {
    return this.#nodeOf.size;
  }

  set(pod: PodInfo, nodeName: string): void {
    this.remove(pod.uid);
    this.#nodeOf.set(pod.uid, nodeName);
    const there = this.#byNode.get(nodeName);
    if (there === undefined) this.#byNode.set(nodeName, new Map([[pod.uid, pod]]));
    else there.set(pod.uid, pod);
  }

  remove(uid: string): void {
    const nodeName = this.#nodeOf.get(uid);
    if (nodeName === undefined) return;
    this.#nodeOf.delete(uid);
    const there = this.#byNode.get(nodeName);
    there?.delete(uid);
    if (there?.size === 0) this.#byNode.delete(nodeName);
  }

  nodeOf(uid: string): string | undefined {
    return this.#nodeOf.get(uid);
  }

  /** Those on the node that go before the pod, or with it. */
  ahead(pod: PodInfo, nodeName: string): PodInfo[] {
    const there = this.#byNode.get(nodeName);
    if (there === undefined) return [];
    return [...there.values()].filter(({ uid, priority }) =>
      uid !== pod.uid && priority >= pod.priority
    );
  }

  /** Those on the node that the pod goes before. */
  behind(pod: PodInfo, nodeName: string): PodInfo[] {
    const there = [...this.#byNode.get(nodeName)?.values() ?? []];
    return there.filter(({ priority }) => priority < pod.priority);
  }

  get nodeNames(): Iterable<string> {
    return this.#byNode.keys();
  }
}
