/** What the metrics of an autoscaler ask for, each by itself. */
import type {
  HorizontalPodAutoscaler,
  MetricSpec,
  MetricStatus,
  MetricTarget,
  MetricValueStatus,
} from "../../api/types/autoscaling_v2.ts";
import type { Container, Pod } from "../../api/types/core_v1.ts";
import type { PodMetrics } from "../../api/types/metrics_v1beta1.ts";
import { formatQuantity, toMilli } from "../../api/types/quantity.ts";
import { proposalOf, type Sample } from "./usage.ts";

export interface Measurements {
  readonly pods: readonly Readonly<Pod>[];
  readonly metrics: readonly Readonly<PodMetrics>[];
  readonly current: number;
  readonly now: number;
}

export type Wish =
  | {
    readonly replicas: number;
    readonly status: MetricStatus;
    readonly name: string;
    /** What is used of what should be. */
    readonly share: number;
  }
  | { readonly reason: string; readonly message: string };

/** Source of reasons and texts: Kubernetes, the horizontal controller. */
export function wishOf(metric: MetricSpec, measured: Measurements): Wish {
  const source = metric.resource ?? metric.containerResource;
  if (source === undefined) {
    const message = `${metric.type} metrics need a metrics API that this cluster has not`;
    return { reason: "InvalidMetricSourceType", message };
  }
  const container = metric.containerResource?.container;
  const of = { resource: source.name, container };
  const unrequested = unrequestedBy(measured.pods, of);
  if (source.target.type === "Utilization" && unrequested !== undefined) {
    return failed(source.name, unrequested);
  }
  const { averageUtilization, averageValue } = source.target;
  const target = (pod: Readonly<Pod>) =>
    averageUtilization === undefined
      ? toMilli(averageValue ?? "0")
      : requestOf(pod, of) * averageUtilization / 100;
  const samples = samplesOf(measured.metrics, of);
  const proposal = proposalOf({ ...measured, samples, target, isCpu: source.name === "cpu" });
  if (proposal === undefined) {
    return failed(source.name, "no metrics returned from resource metrics API");
  }
  const average = Math.round(proposal.used / proposal.measured);
  const current: MetricValueStatus = {
    averageValue: textOf(average, source.name),
    ...(averageUtilization === undefined ? {} : {
      averageUtilization: Math.floor(proposal.used * averageUtilization / (proposal.wanted || 1)),
    }),
  };
  return {
    replicas: proposal.replicas,
    share: proposal.used / (proposal.wanted || 1),
    name: nameOf(source.name, container, source.target),
    status: container === undefined
      ? { type: "Resource", resource: { name: source.name, current } }
      : { type: "ContainerResource", containerResource: { name: source.name, container, current } },
  };
}

/** Source of the words: Kubernetes. */
function nameOf(resource: string, container: string | undefined, target: MetricTarget): string {
  const what = container === undefined ? `${resource} resource` : `${resource} container resource`;
  return target.averageUtilization === undefined
    ? what
    : `${what} utilization (percentage of request)`;
}

function failed(resource: string, why: string): Wish {
  const message = "the HPA was unable to compute the replica count: " +
    `failed to get ${resource} utilization: ${why}`;
  return { reason: "FailedGetResourceMetric", message };
}

interface Of {
  readonly resource: string;
  readonly container: string | undefined;
}

function containersOf({ spec }: Readonly<Pod>, { container }: Of): readonly Container[] {
  const sidecars = (spec.initContainers ?? []).filter((one) => one.restartPolicy === "Always");
  const all = [...spec.containers, ...sidecars];
  return container === undefined ? all : all.filter(({ name }) => name === container);
}

function requestOf(pod: Readonly<Pod>, of: Of): number {
  return containersOf(pod, of).reduce(
    (sum, { resources }) => sum + toMilli(resources?.requests?.[of.resource] ?? "0"),
    0,
  );
}

function unrequestedBy(pods: readonly Readonly<Pod>[], of: Of): string | undefined {
  for (const pod of pods) {
    const lacking = containersOf(pod, of)
      .find(({ resources }) => resources?.requests?.[of.resource] === undefined);
    if (lacking === undefined) continue;
    return `missing request for ${of.resource} in container ${lacking.name} of Pod ${pod.metadata.name}`;
  }
  return undefined;
}

function samplesOf(metrics: readonly Readonly<PodMetrics>[], of: Of): Map<string, Sample> {
  const samples = new Map<string, Sample>();
  for (const { metadata, containers, timestamp, window } of metrics) {
    const counted = containers.filter(({ name }) =>
      of.container === undefined || name === of.container
    );
    if (counted.some(({ usage }) => usage[of.resource] === undefined)) continue;
    const value = counted.reduce((sum, { usage }) => sum + toMilli(usage[of.resource] ?? "0"), 0);
    const windowMs = (parseFloat(window) || 0) * 1000;
    samples.set(metadata.name, { value, at: Date.parse(timestamp), windowMs });
  }
  return samples;
}

/** CPU in thousandths of a core, memory in bytes. */
function textOf(milli: number, resource: string): string {
  return resource === "cpu"
    ? formatQuantity({ nano: BigInt(milli) * 1_000_000n, format: "decimal" })
    : String(Math.round(milli / 1000));
}

/** An autoscaler without metrics goes by the CPU. Source: Kubernetes, the defaults of autoscaling/v2. */
export function metricsOf({ spec }: Readonly<HorizontalPodAutoscaler>): readonly MetricSpec[] {
  if (spec.metrics !== undefined && spec.metrics.length > 0) return spec.metrics;
  const target: MetricTarget = { type: "Utilization", averageUtilization: 80 };
  return [{ type: "Resource", resource: { name: "cpu", target } }];
}
