import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from "../types/autoscaling_v2.ts";

const SHOWN_MAX = 2;

/** `cpu: 12%/80%`, two of them at the most. Source: kube-apiserver's printers, formatHPAMetrics. */
export function targetsText({ spec, status }: HorizontalPodAutoscaler): string {
  const { metrics = [] } = spec;
  if (metrics.length === 0) return "<none>";
  const current = status?.currentMetrics ?? [];
  const texts = metrics.slice(0, SHOWN_MAX).map((metric, i) => targetText(metric, current[i]));
  const more = metrics.length - SHOWN_MAX;
  return texts.join(", ") + (more > 0 ? ` + ${more} more...` : "");
}

function targetText(spec: MetricSpec, status: MetricStatus | undefined): string {
  switch (spec.type) {
    case "External":
      return ofAverage(spec.external?.target, status?.external?.current);
    case "Pods":
      return ofAverage(spec.pods?.target, status?.pods?.current);
    case "Object":
      return ofAverage(spec.object?.target, status?.object?.current);
    case "Resource": {
      const { name = "", target } = spec.resource ?? {};
      return ofResource(name, target, status?.resource?.current);
    }
    case "ContainerResource": {
      const { name = "", target } = spec.containerResource ?? {};
      return ofResource(name, target, status?.containerResource?.current);
    }
    default:
      return "<unknown type>";
  }
}

const UNKNOWN = "<unknown>";

function ofAverage(target: MetricTarget | undefined, now: MetricValueStatus | undefined): string {
  if (target?.averageValue !== undefined) {
    return `${now?.averageValue ?? UNKNOWN}/${target.averageValue} (avg)`;
  }
  return `${now?.value ?? UNKNOWN}/${target?.value ?? "<auto>"}`;
}

function ofResource(
  name: string,
  target: MetricTarget | undefined,
  now: MetricValueStatus | undefined,
): string {
  if (target?.averageValue !== undefined) {
    return `${name}: ${now?.averageValue ?? UNKNOWN}/${target.averageValue}`;
  }
  const percent = (value: number | undefined) => value === undefined ? undefined : `${value}%`;
  const used = percent(now?.averageUtilization) ?? UNKNOWN;
  return `${name}: ${used}/${percent(target?.averageUtilization) ?? "<auto>"}`;
}
