import {
  HORIZONTAL_POD_AUTOSCALERS,
  HorizontalPodAutoscaler,
  type HorizontalPodAutoscalerBehavior,
  type HPAScalingRules,
} from "../types/autoscaling_v2.ts";
import { count, text } from "./column_types.ts";
import { targetsText } from "./autoscaler_targets.ts";
import type { ResourceKind } from "./kind.ts";
import { statusView } from "./status_view.ts";
import { validateAutoscaler } from "./validate_autoscaler.ts";

type Autoscaler = HorizontalPodAutoscaler;

/** Source: Kubernetes, autoscaling defaults: CPU at four fifths of what is asked for. */
const DEFAULT_METRICS: NonNullable<Autoscaler["spec"]["metrics"]> = [{
  type: "Resource",
  resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 80 } },
}];

export const horizontalPodAutoscalers: ResourceKind<Autoscaler> = {
  resource: HORIZONTAL_POD_AUTOSCALERS,
  schema: HorizontalPodAutoscaler,
  singular: "horizontalpodautoscaler",
  shortNames: ["hpa"],
  categories: ["all"],
  hasStatus: true,
  default: defaultAutoscaler,
  prepareForCreate: (autoscaler) => ({
    ...autoscaler,
    status: { currentReplicas: 0, desiredReplicas: 0 },
  }),
  validate: validateAutoscaler,
  columns: [
    text("Reference", "What is scaled.", ({ spec: { scaleTargetRef } }) => {
      return `${scaleTargetRef.kind}/${scaleTargetRef.name}`;
    }),
    text("Targets", "What is measured, of what it should be.", targetsText),
    text("MinPods", "The fewest pods.", ({ spec }) => String(spec.minReplicas ?? "<unset>")),
    count("MaxPods", "The most pods.", ({ spec }) => spec.maxReplicas),
    count("Replicas", "Pods there are.", ({ status }) => status?.currentReplicas ?? 0),
  ],
  subresources: { status: statusView(HORIZONTAL_POD_AUTOSCALERS, HorizontalPodAutoscaler) },
};

function defaultAutoscaler(autoscaler: Autoscaler): Autoscaler {
  const { spec } = autoscaler;
  return {
    ...autoscaler,
    spec: {
      ...spec,
      metrics: spec.metrics?.length ? spec.metrics : DEFAULT_METRICS,
      ...(spec.behavior && { behavior: defaultBehavior(spec.behavior) }),
    },
  };
}

const UP: HPAScalingRules = {
  stabilizationWindowSeconds: 0,
  selectPolicy: "Max",
  policies: [
    { type: "Pods", value: 4, periodSeconds: 15 },
    { type: "Percent", value: 100, periodSeconds: 15 },
  ],
};
const DOWN: HPAScalingRules = {
  selectPolicy: "Max",
  policies: [{ type: "Percent", value: 100, periodSeconds: 15 }],
};

function defaultBehavior(behavior: HorizontalPodAutoscalerBehavior) {
  return {
    scaleUp: { ...UP, ...behavior.scaleUp },
    scaleDown: { ...DOWN, ...behavior.scaleDown },
  };
}
