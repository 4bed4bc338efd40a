/** How many pods an autoscaler asks for, and what its conditions say of that. Pure. */
import type {
  HorizontalPodAutoscaler,
  HorizontalPodAutoscalerCondition,
  MetricStatus,
} from "../../api/types/autoscaling_v2.ts";
import { type Measurements, metricsOf, type Wish, wishOf } from "./metrics.ts";
import { IDLE_SHARE_MAX, type Sleep } from "./sleep.ts";

export interface Decision {
  /** Undefined: nobody knows. */
  readonly size: number | undefined;
  /** The size is set at once, whatever was wished before: it was out of bounds, or pods sleep or wake. */
  readonly isBound: boolean;
  readonly news: readonly HorizontalPodAutoscalerCondition[];
  readonly metrics?: readonly MetricStatus[];
}

/** What is known of the workload; `sleep` only where it may have no pods at all. */
export type Known = Measurements & { readonly sleep?: Sleep | undefined };

export function decide(autoscaler: Readonly<HorizontalPodAutoscaler>, known: Known): Decision {
  const { minReplicas: min = 1, maxReplicas: max } = autoscaler.spec;
  const { current, sleep } = known;
  if (current === 0 && sleep?.isWanted) {
    return { size: Math.max(1, min), isBound: true, news: [] };
  }
  if (current === 0 && (min !== 0 || sleep !== undefined)) {
    const message = "scaling is disabled since the replica count of the target is zero";
    const news = [condition("ScalingActive", "False", "ScalingDisabled", message)];
    return { size: undefined, isBound: false, news };
  }
  if (current > max || current < min) {
    return { size: current > max ? max : min, isBound: true, news: [] };
  }
  return decideByMetrics(autoscaler, known);
}

/** The largest of all wishes; a metric that can't be had keeps the others from shrinking anything. */
function decideByMetrics(autoscaler: Readonly<HorizontalPodAutoscaler>, measured: Known): Decision {
  const { minReplicas: min = 1, maxReplicas: max } = autoscaler.spec;
  const wishes = metricsOf(autoscaler).map((metric) => wishOf(metric, measured));
  const known = wishes.filter((wish) => "replicas" in wish);
  const lost = wishes.find((wish) => "reason" in wish);
  const metrics = known.map(({ status }) => status);
  const largest = known.toSorted((a, b) => b.replicas - a.replicas)[0];
  if (largest === undefined || (lost !== undefined && largest.replicas < measured.current)) {
    return { size: undefined, isBound: false, metrics, news: [inactive(lost)] };
  }
  const isIdle = lost === undefined && known.every(({ share }) => share <= IDLE_SHARE_MAX);
  if (measured.sleep?.isUnused && isIdle) return { size: 0, isBound: true, metrics, news: [] };
  const size = Math.min(Math.max(largest.replicas, min), max);
  const message = "the HPA was able to successfully calculate a replica count from " + largest.name;
  const news = [
    condition("ScalingActive", "True", "ValidMetricFound", message),
    limitation(largest.replicas, { min, max }),
  ];
  return { size, isBound: false, metrics, news };
}

function inactive(lost: Extract<Wish, { reason: string }> | undefined) {
  const { reason = "FailedGetResourceMetric", message = "" } = lost ?? {};
  return condition("ScalingActive", "False", reason, message);
}

function limitation(wished: number, { min, max }: { min: number; max: number }) {
  if (wished > max) {
    const message = "the desired replica count is more than the maximum replica count";
    return condition("ScalingLimited", "True", "TooManyReplicas", message);
  }
  if (wished < min) {
    const message = "the desired replica count is less than the minimum replica count";
    return condition("ScalingLimited", "True", "TooFewReplicas", message);
  }
  const message = "the desired count is within the acceptable range";
  return condition("ScalingLimited", "False", "DesiredWithinRange", message);
}

export function ableToScale(isHeldBack: boolean, isChange: boolean) {
  if (isHeldBack) {
    const message = "recent recommendations were higher than current one, applying the highest " +
      "recent recommendation";
    return condition("AbleToScale", "True", "ScaleDownStabilized", message);
  }
  if (isChange) {
    const message = "the HPA controller was able to update the target scale";
    return condition("AbleToScale", "True", "SucceededRescale", message);
  }
  const message = "recommended size matches current size";
  return condition("AbleToScale", "True", "ReadyForNewScale", message);
}

export function condition(
  type: string,
  status: string,
  reason: string,
  message: string,
): HorizontalPodAutoscalerCondition {
  return { type, status, reason, message };
}
