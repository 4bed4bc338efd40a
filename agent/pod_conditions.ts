import type { ContainerStatus, PodCondition } from "../api/types/core_v1.ts";
import { isSidecar } from "./container_roles.ts";
import { endingOf, type Phase } from "./pod_phase.ts";
import { SANDBOX } from "./runtime.ts";
import { type StatusSources, timeText } from "./status_sources.ts";

export interface ConditionSources extends StatusSources {
  readonly phase: Phase;
  readonly initStatuses: readonly ContainerStatus[];
  readonly statuses: readonly ContainerStatus[];
}

/** The conditions that the agent owns, five and why it ended the pod, after those of others, with their last change. */
export function conditionsOf(sources: ConditionSources): PodCondition[] {
  const before = sources.pod.status?.conditions ?? [];
  const containersReady = containersReadyCondition(sources);
  const own: PodCondition[] = [
    { type: "PodReadyToStartContainers", status: hasNetwork(sources) ? "True" : "False" },
    initializedCondition(sources),
    { type: "Ready", ...readyCondition(sources, containersReady) },
    { type: "ContainersReady", ...containersReady },
    { type: "PodScheduled", status: "True" },
    ...sources.failure?.condition === undefined ? [] : [sources.failure.condition],
  ];
  const others = before.filter(({ type }) => !own.some((one) => one.type === type));
  return [...own.map((one) => withTime(one, before, sources.now)), ...others];
}

type Verdict = Omit<PodCondition, "type">;

function initializedCondition(
  { pod, phase, initStatuses, statuses }: ConditionSources,
): PodCondition {
  const sidecars = new Set((pod.spec.initContainers ?? []).filter(isSidecar).map((c) => c.name));
  const incomplete = initStatuses.filter(({ name, ready, started }) =>
    sidecars.has(name) ? !started : !ready
  ).map(({ name }) => name);
  const hasRun = statuses.some((one) => endingOf(one) !== "waiting");
  if (phase === "Succeeded") return { type: "Initialized", status: "True", reason: "PodCompleted" };
  if (incomplete.length === 0 || hasRun) return { type: "Initialized", status: "True" };
  return {
    type: "Initialized",
    status: "False",
    reason: "ContainersNotInitialized",
    message: `containers with incomplete status: [${incomplete.join(" ")}]`,
  };
}

function containersReadyCondition(
  { pod, phase, initStatuses, statuses }: ConditionSources,
): Verdict {
  if (phase === "Succeeded") return { status: "False", reason: "PodCompleted" };
  if (phase === "Failed") return { status: "False", reason: "PodFailed" };
  const sidecars = new Set((pod.spec.initContainers ?? []).filter(isSidecar).map((c) => c.name));
  const counted = [...initStatuses.filter(({ name }) => sidecars.has(name)), ...statuses];
  const unready = counted.filter(({ ready }) => !ready).map(({ name }) => name);
  if (unready.length === 0) return { status: "True" };
  return {
    status: "False",
    reason: "ContainersNotReady",
    message: `containers with unready status: [${unready.join(" ")}]`,
  };
}

function readyCondition({ pod }: ConditionSources, containersReady: Verdict): Verdict {
  const missing = (pod.spec.readinessGates ?? []).filter(({ conditionType }) =>
    pod.status?.conditions?.find(({ type }) => type === conditionType)?.status !== "True"
  );
  if (containersReady.status !== "True" || missing.length === 0) return containersReady;
  const unmet = missing.map(({ conditionType }) => {
    const found = pod.status?.conditions?.find(({ type }) => type === conditionType);
    return found === undefined
      ? `corresponding condition of pod readiness gate "${conditionType}" does not exist.`
      : `the status of pod readiness gate "${conditionType}" is not "True", but ${found.status}`;
  });
  return { status: "False", reason: "ReadinessGatesNotReady", message: unmet.join(", ") };
}

/** A sandbox runs and has its address: containers may start in it. */
function hasNetwork({ containers, podIp, pod, hostIp }: ConditionSources): boolean {
  const ip = pod.spec.hostNetwork ? hostIp : podIp;
  return ip !== undefined &&
    containers.some(({ name, state }) => name === SANDBOX && state === "running");
}

function withTime(
  condition: PodCondition,
  before: readonly PodCondition[],
  now: number,
): PodCondition {
  const last = before.find(({ type }) => type === condition.type);
  const since = last?.status === condition.status ? last.lastTransitionTime : undefined;
  return { ...condition, lastTransitionTime: since ?? timeText(now) };
}
