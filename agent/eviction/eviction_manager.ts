import type { Clock, Log } from "../../api/types/ambient.ts";
import type { Pod } from "../../api/types/core_v1.ts";
import type { RecordPodEvent } from "../sync_tools.ts";
import { isOver } from "../pod_phase.ts";
import type { Sampler } from "../stats/sampler.ts";
import type { Meters } from "../stats/usage.ts";
import type { PodFailure } from "../status_sources.ts";
import { EVICTED, nodeLowText } from "./eviction_texts.ts";
import { podUses } from "./pod_uses.ts";
import { CALM, judgePressure, type PressureState } from "./pressure.ts";
import { isCritical, NO_USE, rankForEviction } from "./rank.ts";
import { MEANING, type Observations, observationsOf, type Pressure } from "./signals.ts";
import { hasStorageLimit, type PodDisk, storageExcess } from "./storage_limits.ts";
import { crossed, type Threshold } from "./thresholds.ts";

/** Source: kubelet, the interval of its eviction manager. */
export const LOOK_EVERY_MS = 10_000;
/** Of a hard threshold: there is no time to lose, but a process may close its files. Source: kubelet. */
const HARD_GRACE_SECONDS = 1;

export interface EvictionSettings {
  readonly thresholds: readonly Threshold[];
  readonly transitionMs: number;
  /** Of soft thresholds, at the most. */
  readonly maxGraceSeconds: number;
}

export interface EvictionOptions extends EvictionSettings {
  readonly meters: Meters;
  readonly sampler: Pick<Sampler, "sample">;
  readonly diskOf: (pod: Readonly<Pod>) => Promise<PodDisk>;
  readonly pods: () => readonly Readonly<Pod>[];
  /** Frees what nobody needs: dead containers, images. */
  readonly reclaimDisk: () => Promise<void>;
  readonly end: (podUid: string, failure: PodFailure) => void;
  readonly record: RecordPodEvent;
  readonly onConditions: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Keeps the node alive: when something runs out it frees what nobody needs, and then gives up a pod at a time. */
export class EvictionManager {
  readonly #with: EvictionOptions;
  #state: PressureState = CALM;
  #conditions: readonly Pressure[] = [];

  constructor(options: EvictionOptions) {
    this.#with = options;
  }

  /** What the node says of itself. */
  get conditions(): readonly Pressure[] {
    return this.#conditions;
  }

  /** Until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#with;
    while (!signal.aborted) {
      try {
        await this.look();
      } catch (error) {
        log("Cannot look for pressure on the node", { error: String(error) });
      }
      await clock.sleep(LOOK_EVERY_MS, signal);
    }
  }

  async look(): Promise<void> {
    if (await this.#evictOverLimits()) return;
    const observations = await this.#observe();
    const urgent = this.#judge(observations);
    const [threshold] = urgent;
    if (threshold === undefined) return;
    const { starved, pressure } = MEANING[threshold.signal];
    this.#with.log("Something runs out on the node", { resource: starved, ...threshold });
    if (pressure === "DiskPressure") {
      await this.#with.reclaimDisk();
      const after = await this.#observe();
      if (crossed([threshold], after, new Set([threshold])).length === 0) return;
    }
    await this.#evictOne(threshold, observations);
  }

  async #observe(): Promise<Observations> {
    return observationsOf(await this.#with.meters.node());
  }

  #judge(observations: Observations): readonly Threshold[] {
    const { thresholds, transitionMs, clock, onConditions } = this.#with;
    const before = this.#state;
    const now = clock.now();
    const verdict = judgePressure({ thresholds, observations, before, transitionMs, now });
    const had = this.#conditions;
    this.#state = verdict.state;
    this.#conditions = verdict.conditions;
    if (had.join() !== verdict.conditions.join()) onConditions();
    return verdict.urgent;
  }

  /** Pods that have written more than they may. @returns true when one goes */
  async #evictOverLimits(): Promise<boolean> {
    let isOne = false;
    for (const pod of this.#candidates().filter(hasStorageLimit)) {
      const message = storageExcess(pod, await this.#with.diskOf(pod));
      if (message === undefined) continue;
      this.#evict(pod, { reason: EVICTED, message, graceSeconds: HARD_GRACE_SECONDS });
      isOne = true;
    }
    return isOne;
  }

  async #evictOne(threshold: Threshold, observations: Observations): Promise<void> {
    const { sampler, diskOf, log } = this.#with;
    const { starved } = MEANING[threshold.signal];
    const pods = this.#candidates();
    const needsDisk = starved === "ephemeral-storage" || starved === "inodes";
    const uses = await podUses(pods, await sampler.sample(), needsDisk ? diskOf : undefined);
    const [pod] = rankForEviction(pods, uses, starved);
    const seen = observations.get(threshold.signal);
    if (pod === undefined || seen === undefined) {
      return void log("There is no pod to evict", { resource: starved });
    }
    const use = uses.get(pod.metadata.uid ?? "") ?? NO_USE;
    const message = nodeLowText(pod, use, threshold, seen);
    this.#evict(pod, {
      reason: EVICTED,
      message,
      graceSeconds: this.#graceOf(pod, threshold),
      condition: {
        type: "DisruptionTarget",
        status: "True",
        reason: "TerminationByKubelet",
        message,
      },
    });
  }

  #graceOf({ spec }: Readonly<Pod>, { graceMs }: Threshold): number {
    if (graceMs === 0) return HARD_GRACE_SECONDS;
    return Math.min(this.#with.maxGraceSeconds, spec.terminationGracePeriodSeconds ?? 30);
  }

  #candidates(): readonly Readonly<Pod>[] {
    return this.#with.pods().filter((pod) => !isOver(pod.status?.phase) && !isCritical(pod));
  }

  #evict(pod: Readonly<Pod>, failure: PodFailure): void {
    const { record, end, log } = this.#with;
    record(pod, "Warning", EVICTED, failure.message);
    log("Evicted a pod", { pod: pod.metadata.name, why: failure.message });
    end(pod.metadata.uid ?? "", failure);
  }
}
