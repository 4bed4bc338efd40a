import { HORIZONTAL_POD_AUTOSCALERS_V1, HorizontalPodAutoscaler } from "../types/autoscaling_v1.ts";
import {
  HORIZONTAL_POD_AUTOSCALERS,
  type HorizontalPodAutoscaler as Stored,
  HorizontalPodAutoscalerSpec,
  HorizontalPodAutoscalerStatus,
  type MetricSpec,
} from "../types/autoscaling_v2.ts";
import { decode } from "../types/decode.ts";
import type { KubeObject } from "../types/meta.ts";
import type { Resource } from "../types/resources.ts";
import type { MessageSchema, Schema } from "../types/schema.ts";
import { convertedInto } from "./converted_store.ts";
import { horizontalPodAutoscalers } from "./horizontalpodautoscalers.ts";
import type { ResourceKind } from "./kind.ts";
import { statusView } from "./status_view.ts";

/** What version 1 has no fields for, as JSON. Source: Kubernetes, autoscaling/annotations.go. */
const PREFIX = "autoscaling.alpha.kubernetes.io/";
const METRICS = `${PREFIX}metrics`;
const CURRENT_METRICS = `${PREFIX}current-metrics`;
const CONDITIONS = `${PREFIX}conditions`;
const BEHAVIOR = `${PREFIX}behavior`;

/** The autoscalers of version 2, as who knows only the CPU sees them. */
export const horizontalPodAutoscalersV1: ResourceKind<HorizontalPodAutoscaler> = {
  resource: HORIZONTAL_POD_AUTOSCALERS_V1,
  schema: HorizontalPodAutoscaler,
  singular: "horizontalpodautoscaler",
  shortNames: ["hpa"],
  categories: ["all"],
  hasStatus: true,
  storedThrough: convertedInto(HORIZONTAL_POD_AUTOSCALERS_V1, {
    resource: HORIZONTAL_POD_AUTOSCALERS as Resource<KubeObject>,
    toStored,
    fromStored: (object) => fromStored(object as Stored),
  }),
  prepareForCreate: (autoscaler) => ({
    ...autoscaler,
    status: { currentReplicas: 0, desiredReplicas: 0 },
  }),
  validate: (autoscaler) => horizontalPodAutoscalers.validate(toStored(autoscaler)),
  columns: horizontalPodAutoscalers.columns.map((column) => ({
    ...column,
    cell: (autoscaler, now) => column.cell(toStored(autoscaler), now),
  })),
  subresources: {
    status: statusView(HORIZONTAL_POD_AUTOSCALERS_V1, HorizontalPodAutoscaler),
  },
};

function toStored(object: HorizontalPodAutoscaler): Stored {
  const { metadata, spec, status } = object;
  const { targetCPUUtilizationPercentage: cpu, ...same } = spec;
  const { currentCPUUtilizationPercentage: used, ...counts } = status ?? { desiredReplicas: 0 };
  const kept = { ...metadata.annotations };
  const { metrics = [], behavior } = readable(HorizontalPodAutoscalerSpec, {
    metrics: kept[METRICS],
    behavior: kept[BEHAVIOR],
  });
  const { currentMetrics: current = [], conditions = [] } = readable(
    HorizontalPodAutoscalerStatus,
    { currentMetrics: kept[CURRENT_METRICS], conditions: kept[CONDITIONS] },
  );
  for (const name of [METRICS, CURRENT_METRICS, CONDITIONS, BEHAVIOR]) delete kept[name];
  const stored = {
    ...object,
    apiVersion: HORIZONTAL_POD_AUTOSCALERS.apiVersion,
    metadata: withAnnotations(metadata, kept),
    spec: {
      ...same,
      metrics: [...metrics, ...(cpu === undefined ? [] : [cpuMetric(cpu)])],
      ...(behavior && { behavior }),
    },
    status: {
      ...counts,
      ...(used !== undefined || current.length > 0
        ? { currentMetrics: [...current, ...(used === undefined ? [] : [cpuStatus(used)])] }
        : {}),
      ...(conditions.length > 0 && { conditions }),
    },
  };
  return horizontalPodAutoscalers.default?.(stored as Stored) ?? stored as Stored;
}

function fromStored(object: Stored): HorizontalPodAutoscaler {
  const { metadata, spec, status } = object;
  const { metrics = [], behavior, ...same } = spec;
  const { currentMetrics = [], conditions = [], ...counts } = status ?? { desiredReplicas: 0 };
  const others = metrics.filter((metric) => !isCpu(metric));
  const cpu = metrics.find(isCpu)?.resource?.target?.averageUtilization;
  const isUse = ({ type, resource }: (typeof currentMetrics)[0]) =>
    type === "Resource" && resource?.name === "cpu";
  const used = currentMetrics.find(isUse)?.resource?.current?.averageUtilization;
  const otherUses = currentMetrics.filter((metric) => !isUse(metric));
  return {
    ...object,
    apiVersion: HORIZONTAL_POD_AUTOSCALERS_V1.apiVersion,
    metadata: withAnnotations(metadata, {
      ...metadata.annotations,
      ...(others.length > 0 && { [METRICS]: JSON.stringify(others) }),
      ...(otherUses.length > 0 && { [CURRENT_METRICS]: JSON.stringify(otherUses) }),
      ...(conditions.length > 0 && { [CONDITIONS]: JSON.stringify(conditions) }),
      ...(behavior !== undefined && { [BEHAVIOR]: JSON.stringify(behavior) }),
    }),
    spec: { ...same, ...(cpu !== undefined && { targetCPUUtilizationPercentage: cpu }) },
    status: {
      ...counts,
      ...(used !== undefined && { currentCPUUtilizationPercentage: used }),
    },
  };
}

function isCpu({ type, resource }: MetricSpec): boolean {
  return type === "Resource" && resource?.name === "cpu" &&
    resource.target?.averageUtilization !== undefined;
}

function cpuMetric(averageUtilization: number): MetricSpec {
  const target = { type: "Utilization", averageUtilization } as const;
  return { type: "Resource", resource: { name: "cpu", target } };
}

const cpuStatus = (averageUtilization: number) => ({
  type: "Resource",
  resource: { name: "cpu", current: { averageUtilization } },
});

function withAnnotations(
  { annotations: _, ...metadata }: KubeObject["metadata"],
  annotations: Record<string, string>,
): KubeObject["metadata"] {
  return Object.keys(annotations).length === 0 ? metadata : { ...metadata, annotations };
}

/** What somebody wrote into annotations may be anything: what can't be read is nothing. */
function readable<T>(
  schema: Schema<T> & MessageSchema,
  texts: Readonly<Record<string, string | undefined>>,
): Partial<T> {
  const json = Object.entries(texts).map(([name, text]) => [name, jsonIn(text)]);
  return decode(schema, Object.fromEntries(json)).object;
}

function jsonIn(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
