import type { Clock, Log } from "../api/types/ambient.ts";
import type { Pod, PodCondition } from "../api/types/core_v1.ts";
import { PERSISTENT_VOLUME_CLAIMS, PODS } from "../api/types/resources.ts";
import { hasReason, StatusError } from "../api/types/status.ts";
import type { Api } from "../client/api.ts";
import type { EventRecorder } from "../client/events.ts";
import type { PodInfo } from "./pod_info.ts";
import type { Preemption } from "./preemption.ts";
import { SELECTED_NODE } from "./volume_binding.ts";

export interface WaitingPodsOptions {
  readonly api: Api;
  readonly clock: Clock;
  readonly log: Log;
  readonly recorder: EventRecorder;
  readonly schedulerName: string;
}

/** Writes what the scheduler has to say of pods that have no node yet, and makes room for them. */
export class WaitingPods {
  readonly #with: WaitingPodsOptions;

  constructor(options: WaitingPodsOptions) {
    this.#with = options;
  }

  /** In event and condition, and the node where room is being made. */
  async explain(pod: Readonly<Pod>, message: string, nominatedNodeName?: string): Promise<void> {
    this.#with.recorder.record(pod, "Warning", "FailedScheduling", message);
    const have = pod.status?.conditions?.find(({ type }) => type === "PodScheduled");
    const isSaid = have?.status === "False" && have.message === message;
    const isNominated = (nominatedNodeName ?? "") === (pod.status?.nominatedNodeName ?? "");
    if (isSaid && isNominated) return;
    const conditions = [this.#unscheduled(message, have)];
    await this.#patchStatus(pod, {
      conditions,
      ...(isNominated ? {} : { nominatedNodeName: nominatedNodeName ?? null }),
    });
  }

  /**
   * The pods end as those of a node that is drained, with their grace.
   * @returns false where one of them could not be told
   */
  async makeRoom(pod: PodInfo, { nodeName, victims }: Preemption): Promise<boolean> {
    const told = await Promise.all(
      victims.map((victim) => this.#evict(victim.pod, pod.uid, nodeName)),
    );
    return told.every((isTold) => isTold);
  }

  /** Room that was being made for them has gone to a more important pod. */
  async disappoint(pods: readonly PodInfo[]): Promise<void> {
    await Promise.all(pods.map(({ pod }) => this.#patchStatus(pod, { nominatedNodeName: null })));
  }

  /**
   * Claims that waited for the pod's node learn it: whoever makes volumes goes on from there.
   * @returns false where one of them could not be told
   */
  async selectNode(claims: readonly Readonly<ClaimNamed>[], nodeName: string): Promise<boolean> {
    const metadata = { annotations: { [SELECTED_NODE]: nodeName } };
    const told = await Promise.all(
      claims.map(async ({ metadata: { namespace = "", name, annotations } }) => {
        if (annotations?.[SELECTED_NODE] === nodeName) return true;
        const target = { namespace, name };
        try {
          await this.#with.api.patch(PERSISTENT_VOLUME_CLAIMS, target, "merge", { metadata });
          return true;
        } catch (error) {
          this.#note(`Cannot choose a node for persistentvolumeclaims/${namespace}/${name}`, error);
          return false;
        }
      }),
    );
    return told.every((isTold) => isTold);
  }

  async #evict(victim: Readonly<Pod>, preemptorUid: string, nodeName: string): Promise<boolean> {
    const { namespace = "", name, uid = "", deletionTimestamp } = victim.metadata;
    if (deletionTimestamp !== undefined) return true;
    const { schedulerName, recorder, api } = this.#with;
    const condition: PodCondition = {
      type: "DisruptionTarget",
      status: "True",
      reason: "PreemptionByScheduler",
      message: `${schedulerName}: preempting to accommodate a higher priority pod`,
      lastTransitionTime: this.#time(),
    };
    await this.#patchStatus(victim, { conditions: [condition] });
    try {
      await api.delete(PODS, namespace, name, { uid });
    } catch (error) {
      this.#note(`Cannot take pods/${namespace}/${name} from ${nodeName}`, error);
      return false;
    }
    const message = `Preempted by pod ${preemptorUid} on node ${nodeName}`;
    recorder.record(victim, "Normal", "Preempted", message);
    return true;
  }

  async #patchStatus(pod: Readonly<Pod>, status: object): Promise<void> {
    const { namespace = "", name } = pod.metadata;
    const target = { namespace, name, subresource: "status" };
    try {
      await this.#with.api.patch(PODS, target, "strategic", { status });
    } catch (error) {
      this.#note(`Cannot write the status of pods/${namespace}/${name}`, error);
    }
  }

  /** What is gone asks for nothing any more. */
  #note(what: string, error: unknown): void {
    if (!(error instanceof StatusError)) throw error;
    if (!hasReason(error, "NotFound")) this.#with.log(`${what}: ${error.message}`);
  }

  #unscheduled(message: string, have: PodCondition | undefined): PodCondition {
    const now = this.#time();
    return {
      type: "PodScheduled",
      status: "False",
      reason: "Unschedulable",
      message,
      lastTransitionTime: have?.status === "False" ? have.lastTransitionTime ?? now : now,
    };
  }

  #time(): string {
    return new Date(this.#with.clock.now()).toISOString().replace(/\.\d+Z$/, "Z");
  }
}

interface ClaimNamed {
  readonly metadata: {
    readonly namespace?: string;
    readonly name: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}
