import type { Clock, Log } from "../../api/types/ambient.ts";
import type { Pod } from "../../api/types/core_v1.ts";
import { isCritical } from "../eviction/rank.ts";
import { isOver } from "../pod_phase.ts";
import type { PodFailure } from "../status_sources.ts";

/** Source: kubelet, nodeshutdown. */
const MESSAGE = "Pod was terminated in response to imminent node shutdown.";
export const SHUTDOWN_REFUSAL: PodFailure = {
  reason: "NodeShutdown",
  message: "Pod was rejected as the node is shutting down.",
};
export const SHUTDOWN_TROUBLE = "node is shutting down";
const LOOK_MS = 100;

export interface ShutdownSettings {
  /** For all pods together; 0: pods run on when the agent ends. */
  readonly graceMs: number;
  /** The last part of it, for critical pods. */
  readonly criticalGraceMs: number;
}

export interface ShutdownOptions extends ShutdownSettings {
  readonly pods: () => readonly Readonly<Pod>[];
  readonly end: (podUid: string, failure: PodFailure) => void;
  readonly clock: Clock;
  readonly log: Log;
}

/** Ends all pods, those that the node needs last. Resolves when they are over, or the time is. */
export async function shutDownPods(options: ShutdownOptions): Promise<void> {
  const { pods, graceMs, criticalGraceMs } = options;
  const running = pods().filter(({ status }) => !isOver(status?.phase));
  const [critical, others] = [running.filter(isCritical), running.filter((p) => !isCritical(p))];
  await endAll(others, graceMs - criticalGraceMs, options);
  await endAll(critical, criticalGraceMs, options);
}

async function endAll(
  group: readonly Readonly<Pod>[],
  graceMs: number,
  { pods, end, clock, log }: ShutdownOptions,
): Promise<void> {
  const until = clock.now() + graceMs;
  for (const { metadata: { uid = "" }, spec } of group) {
    const own = spec.terminationGracePeriodSeconds ?? 30;
    end(uid, {
      reason: "Terminated",
      message: MESSAGE,
      graceSeconds: Math.min(own, Math.floor(graceMs / 1000)),
      condition: {
        type: "DisruptionTarget",
        status: "True",
        reason: "TerminationByKubelet",
        message: MESSAGE,
      },
    });
  }
  const uids = new Set(group.map(({ metadata }) => metadata.uid));
  const left = () =>
    pods().filter(({ metadata, status }) => uids.has(metadata.uid) && !isOver(status?.phase));
  while (left().length > 0 && clock.now() < until) await clock.sleep(LOOK_MS);
  if (left().length > 0) log("Pods did not end in time for the shutdown", { pods: left().length });
}
