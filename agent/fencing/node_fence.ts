import type { Clock, Log } from "../../api/types/ambient.ts";
import type { Pod } from "../../api/types/core_v1.ts";
import { LEASE_SECONDS_MIN } from "../../api/types/node_lease.ts";
import { NODES, PODS } from "../../api/types/resources.ts";
import type { Api } from "../../client/api.ts";
import type { HostFiles } from "../host_files.ts";
import { isOver } from "../pod_phase.ts";
import { Fence } from "./fence.ts";
import { FenceMemory } from "./fence_memory.ts";
import { type FencedPod, fencedPod, unknownPod } from "./fenced_pod.ts";

export interface NodeFenceOptions {
  readonly api: Api;
  readonly nodeName: string;
  /** The pods that the API, or a file, has bound to this node. */
  readonly pods: () => readonly Readonly<Pod>[];
  /** Uids of the pods of which anything runs here. */
  readonly running: () => Iterable<string>;
  /** Stops the pod within its grace period, or, without one, lets it run again. */
  readonly hold: (podUid: string, graceSeconds: number | undefined) => void;
  readonly files: HostFiles;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** The node's fence with its memory: an agent that starts while the node is cut off ends what runs here, too. */
export class NodeFence {
  readonly #with: NodeFenceOptions;
  readonly #fence: Fence;
  readonly #memory: FenceMemory;
  /** Of the agent before this one, by uid; undefined once the API has said which pods are here. */
  #remembered: Map<string, FencedPod> | undefined = new Map();

  constructor(options: NodeFenceOptions) {
    this.#with = options;
    const { api, files, nodeName, dataDir, log } = options;
    this.#memory = new FenceMemory({ files, log, folder: `${dataDir}/fence` });
    this.#fence = new Fence({
      ...options,
      pods: () => this.#running(),
      boundNow: async () => {
        // deletions that were decided before the node was heard of are written by the time this is answered
        await api.patch(NODES, { namespace: "", name: nodeName }, "merge", {});
        const fieldSelector = `spec.nodeName=${nodeName}`;
        const { items, resourceVersion } = await api.list(PODS, { fieldSelector });
        const uids = new Set(items.map(({ metadata }) => metadata.uid ?? ""));
        return { uids, revision: Number(resourceVersion) };
      },
    });
  }

  /** Goes on where the agent before this one ended. To be called once it is known what runs here. */
  async resume(): Promise<void> {
    const remembered = await this.#memory.recall();
    if (remembered === undefined || this.#remembered === undefined) return;
    this.#remembered = new Map(remembered.pods.map((pod) => [pod.uid, pod]));
    this.#fence.resume(remembered.heardAt, remembered.leaseMs);
  }

  /** The API has taken a renewal of the lease that was sent at `sentAt`, which holds for `leaseMs`. */
  heard(sentAt: number, leaseMs: number): void {
    this.#memory.heard(sentAt, leaseMs);
    this.#fence.heard(sentAt, leaseMs);
  }

  /** A lease of the shortest length was sent at `sentAt`: it may hold, whether the API answers or not. */
  shortens(sentAt: number): void {
    if (this.#fence.shortens(sentAt)) this.#memory.heard(sentAt, LEASE_SECONDS_MIN * 1000);
  }

  /** The API has told of every pod of this node. */
  knowsAll(): void {
    this.#remembered = undefined;
    this.#keep();
  }

  podChanged(before: Readonly<Pod> | undefined, after: Readonly<Pod> | undefined): void {
    const isKnown = before?.metadata.uid === after?.metadata.uid;
    if (after !== undefined && !isKnown) this.#came(after);
    const isSame = before !== undefined && after !== undefined && isKnown &&
      fencedPod(before).toleratedSeconds === fencedPod(after).toleratedSeconds;
    if (!isSame) this.#keep();
  }

  /** What an agent finds running when it starts is no news to the node. */
  #came(pod: Readonly<Pod>): void {
    const { uid = "", resourceVersion } = pod.metadata;
    if ([...this.#with.running()].includes(uid)) return;
    this.#fence.came(fencedPod(pod), Number(resourceVersion));
  }

  /** Resolves once a new agent would know of every pod that this one knows. */
  kept(): Promise<void> {
    return this.#memory.settled();
  }

  stop(): void {
    this.#fence.stop();
  }

  #keep(): void {
    const known = this.#with.pods().map(fencedPod);
    const uids = new Set(known.map(({ uid }) => uid));
    const before = [...this.#remembered?.values() ?? []].filter(({ uid }) => !uids.has(uid));
    this.#memory.see([...known, ...before]);
    this.#fence.podsChanged();
  }

  #running(): FencedPod[] {
    const pods = this.#with.pods();
    const known = pods.filter(({ status }) => !isOver(status?.phase)).map(fencedPod);
    const remembered = this.#remembered;
    if (remembered === undefined) return known;
    const uids = new Set(pods.map(({ metadata }) => metadata.uid));
    const strangers = [...this.#with.running()].filter((uid) => !uids.has(uid));
    return [...known, ...strangers.map((uid) => remembered.get(uid) ?? unknownPod(uid))];
  }
}
