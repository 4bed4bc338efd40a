/** How fast an autoscaler may follow what it measures. */
import type {
  HorizontalPodAutoscalerSpec,
  HPAScalingPolicy,
  HPAScalingRules,
} from "../../api/types/autoscaling_v2.ts";

/** A change of the number of pods that was seen. */
export interface ScaleEvent {
  readonly at: number;
  /** Pods more; negative where some went. */
  readonly change: number;
}

type Rules = Required<HPAScalingRules>;

/** Source: Kubernetes, the defaults of HorizontalPodAutoscalerBehavior. */
const UP: Rules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: "Max",
  policies: [
    { type: "Pods", value: 4, periodSeconds: 15 },
    { type: "Percent", value: 100, periodSeconds: 15 },
  ],
};
const DOWN: Rules = {
  stabilizationWindowSeconds: 300,
  selectPolicy: "Max",
  policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
};
/** The longest period that a policy may look back. Source: Kubernetes, MaxPeriodSeconds. */
export const PERIOD_MAX_MS = 1_800_000;

export function rulesOf({ behavior }: HorizontalPodAutoscalerSpec): { up: Rules; down: Rules } {
  return { up: { ...UP, ...behavior?.scaleUp }, down: { ...DOWN, ...behavior?.scaleDown } };
}

/**
 * The most careful of the wishes of the last time: for growing the smallest, for shrinking the largest.
 * @param since since when a statement about the wishes has held without a break
 */
export function stabilized(
  { current, wished, now }: { current: number; wished: number; now: number },
  { up, down }: { up: Rules; down: Rules },
  since: (fact: string) => number,
): number {
  const isSteady = (fact: string, { stabilizationWindowSeconds: seconds }: Rules) =>
    since(fact) + seconds * 1000 <= now;
  let upTo = current;
  for (let size = current + 1; size <= wished; size += 1) {
    if (isSteady(`at least ${size}`, up)) upTo = size;
  }
  let downTo = current;
  for (let size = current - 1; size >= wished; size -= 1) {
    if (isSteady(`at most ${size}`, down)) downTo = size;
  }
  return wished > current ? upTo : downTo;
}

/** `size`, as far as the policies let the number of pods go from `current` by now. */
export function limited(
  { current, size, now }: { current: number; size: number; now: number },
  { up, down }: { up: Rules; down: Rules },
  events: readonly ScaleEvent[],
): number {
  if (size > current) {
    if (up.selectPolicy === "Disabled") return current;
    const limits = up.policies.map((policy) => {
      const before = current - changeIn(policy, events, now, 1);
      return policy.type === "Pods"
        ? before + policy.value
        : Math.ceil(before * (1 + policy.value / 100));
    });
    const limit = up.selectPolicy === "Min" ? Math.min(...limits) : Math.max(...limits);
    return Math.min(size, Math.max(limit, current));
  }
  if (size === current) return size;
  if (down.selectPolicy === "Disabled") return current;
  const limits = down.policies.map((policy) => {
    const before = current - changeIn(policy, events, now, -1);
    return policy.type === "Pods"
      ? before - policy.value
      : Math.floor(before * (1 - policy.value / 100));
  });
  const limit = down.selectPolicy === "Min" ? Math.max(...limits) : Math.min(...limits);
  return Math.max(size, Math.min(limit, current));
}

/** What came (1) or went (-1) within the policy's period. */
function changeIn(
  { periodSeconds }: HPAScalingPolicy,
  events: readonly ScaleEvent[],
  now: number,
  sign: 1 | -1,
): number {
  return events.filter(({ at, change }) => at + periodSeconds * 1000 > now && change * sign > 0)
    .reduce((sum, { change }) => sum + change, 0);
}
