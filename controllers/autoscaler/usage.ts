/** How many pods the use of a resource asks for. Source of the arithmetic: Kubernetes, replica_calculator.go. */
import type { Pod } from "../../api/types/core_v1.ts";
import { conditionOf } from "../pods.ts";

/** Below so much change nothing is done. Source: kube-controller-manager, horizontal-pod-autoscaler-tolerance. */
const TOLERANCE = 0.1;
/** Source: kube-controller-manager, horizontal-pod-autoscaler-cpu-initialization-period. */
const CPU_INITIALIZATION_MS = 300_000;
/** Source: kube-controller-manager, horizontal-pod-autoscaler-initial-readiness-delay. */
const INITIAL_READINESS_MS = 30_000;

/** What one pod uses, and when that was measured. Milli-units. */
export interface Sample {
  readonly value: number;
  readonly at: number;
  readonly windowMs: number;
}

export interface Measuring {
  readonly pods: readonly Readonly<Pod>[];
  /** By name of the pod. */
  readonly samples: ReadonlyMap<string, Sample>;
  readonly isCpu: boolean;
  readonly now: number;
  /** Of one pod that is just as busy as it should be. */
  readonly target: (pod: Readonly<Pod>) => number;
  readonly current: number;
}

export interface Proposal {
  readonly replicas: number;
  /** Of the pods that were measured: what they use together, and what they would if all were at the target. */
  readonly used: number;
  readonly wanted: number;
  readonly measured: number;
}

/** Undefined where no pod was measured. */
export function proposalOf(measuring: Measuring): Proposal | undefined {
  const { pods, samples, target, current } = measuring;
  const alive = pods.filter(({ metadata, status }) =>
    metadata.deletionTimestamp === undefined && status?.phase !== "Failed" &&
    status?.phase !== "Succeeded"
  );
  const idle = alive.filter((pod) => isNotReadyYet(measuring, pod));
  const others = alive.filter((pod) => !idle.includes(pod));
  const known = others.filter(({ metadata }) => samples.has(metadata.name));
  const missing = others.filter(({ metadata }) => !samples.has(metadata.name));
  if (known.length === 0) return undefined;
  const used = sum(known, ({ metadata }) => samples.get(metadata.name)!.value);
  const wanted = sum(known, target);
  const shown = { used, wanted, measured: known.length };
  const ratio = wanted === 0 ? 1 : used / wanted;
  if (missing.length === 0 && (idle.length === 0 || ratio <= 1)) {
    return { ...shown, replicas: isNear(ratio) ? current : Math.ceil(ratio * known.length) };
  }
  // who was not measured is thought to speak against the change
  const doubted = ratio > 1 ? [...idle, ...missing] : missing;
  const assumed = ratio < 1 ? sum(missing, target) : 0;
  const careful = (used + assumed) / (wanted + sum(doubted, target));
  const turns = (ratio < 1 && careful > 1) || (ratio > 1 && careful < 1);
  if (isNear(careful) || turns) return { ...shown, replicas: current };
  const replicas = Math.ceil(careful * (known.length + doubted.length));
  const isWrongWay = (careful < 1 && replicas > current) || (careful > 1 && replicas < current);
  return { ...shown, replicas: isWrongWay ? current : replicas };
}

const sum = <T>(items: readonly T[], amount: (item: T) => number): number =>
  items.reduce((total, item) => total + amount(item), 0);

/** To a hair more, as 1.1 is no number of the machine's. */
const isNear = (ratio: number) => Math.abs(1 - ratio) <= TOLERANCE + 1e-9;

/** A pod that has only just started says nothing yet of how busy it will be. */
function isNotReadyYet({ isCpu, samples, now }: Measuring, pod: Readonly<Pod>): boolean {
  if (pod.status?.phase === "Pending") return true;
  if (!isCpu) return false;
  const ready = conditionOf(pod, "Ready");
  const startedAt = Date.parse(pod.status?.startTime ?? "");
  if (ready === undefined || Number.isNaN(startedAt)) return true;
  const changedAt = Date.parse(ready.lastTransitionTime ?? "");
  if (startedAt + CPU_INITIALIZATION_MS > now) {
    const sample = samples.get(pod.metadata.name);
    return ready.status === "False" ||
      (sample !== undefined && sample.at < changedAt + sample.windowMs);
  }
  return ready.status === "False" && startedAt + INITIAL_READINESS_MS > changedAt;
}
