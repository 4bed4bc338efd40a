import { DEPLOYMENTS, REPLICA_SETS, STATEFUL_SETS } from "../../api/types/apps_v1.ts";
import {
  HORIZONTAL_POD_AUTOSCALERS,
  type HorizontalPodAutoscaler,
  type HorizontalPodAutoscalerCondition,
  type HorizontalPodAutoscalerStatus,
  type MetricStatus,
} from "../../api/types/autoscaling_v2.ts";
import { LEASES } from "../../api/types/coordination_v1.ts";
import type { PodTemplateSpec } from "../../api/types/core_v1.ts";
import { type Selector, selectorOf, selectorOfMap } from "../../api/types/labels.ts";
import type { KubeObject, LabelSelector } from "../../api/types/meta.ts";
import { POD_METRICS } from "../../api/types/metrics_v1beta1.ts";
import {
  PODS,
  REPLICATION_CONTROLLERS,
  type Resource,
  SERVICES,
} from "../../api/types/resources.ts";
import { StatusError } from "../../api/types/status.ts";
import type { Cache, Write } from "../../client/cache.ts";
import { towardStatus } from "../../client/writes.ts";
import {
  type Controller,
  keyOf,
  NOTHING_TO_DO,
  type ObjectKey,
  onChangeOf,
  type Plan,
  type Report,
  type World,
} from "../controller.ts";
import { timeOf } from "../pods.ts";
import { limited, rulesOf, stabilized } from "./behavior.ts";
import { ableToScale, condition, decide } from "./decide.ts";
import { ScaleHistory } from "./scale_history.ts";
import { newlyWanted, sleepOf } from "./sleep.ts";

/** Between measurements. Source: kube-controller-manager, horizontal-pod-autoscaler-sync-period. */
const SYNC_MS = 15_000;

/** A workload of which the number of pods can be set. */
type Scalable = KubeObject & {
  readonly spec: {
    readonly replicas?: number;
    readonly selector?: unknown;
    readonly template?: PodTemplateSpec;
  };
};

const TARGETS: Readonly<Record<string, Resource<Scalable>>> = {
  Deployment: DEPLOYMENTS,
  ReplicaSet: REPLICA_SETS,
  StatefulSet: STATEFUL_SETS,
  ReplicationController: REPLICATION_CONTROLLERS,
};

/** Sets the number of pods of a workload by what its pods use. */
export function autoscalerController(): Controller<HorizontalPodAutoscaler> {
  const history = new ScaleHistory();
  return {
    name: "horizontal-pod-autoscaler",
    reconciles: HORIZONTAL_POD_AUTOSCALERS,
    concurrency: 5,
    requeueOn: [
      onChangeOf(PODS, () => []),
      onChangeOf(SERVICES, () => []),
      onChangeOf(
        LEASES,
        ({ before, after }, cache) =>
          newlyWanted(before, after).flatMap((namespace) =>
            cache.list(HORIZONTAL_POD_AUTOSCALERS, namespace).map(keyOf)
          ),
      ),
      ...Object.values(TARGETS).map(readOnly),
    ],
    reads(_key, autoscaler, cache) {
      const target = autoscaler && targetOf(autoscaler, cache);
      if (target === undefined || sizeOf(target) === 0) return [];
      const { namespace = "" } = target.metadata;
      const labelSelector = selectorFor(target).toString();
      return [{ resource: POD_METRICS, options: { namespace, labelSelector } }];
    },
    plan: (autoscaler, world) => planScale(autoscaler, world, history),
    planGone(key) {
      history.forget(textOf(key));
      return NOTHING_TO_DO;
    },
    reports: reportOf,
  };
}

/** Measuring has its own rhythm: nothing wakes it but an autoscaler that changes, and who asks for pods that sleep. */
const readOnly = (resource: Resource<Scalable>) => onChangeOf(resource, () => []);

const textOf = ({ namespace, name }: ObjectKey) => `${namespace}/${name}`;
const sizeOf = ({ spec }: Readonly<Scalable>) => spec.replicas ?? 1;

function targetOf(
  { metadata, spec }: Readonly<HorizontalPodAutoscaler>,
  cache: Cache,
): Readonly<Scalable> | undefined {
  const { kind, name } = spec.scaleTargetRef;
  const resource = TARGETS[kind];
  return resource && cache.get(resource, metadata.namespace ?? "", name);
}

function selectorFor({ kind, spec }: Readonly<Scalable>): Selector {
  return kind === "ReplicationController"
    ? selectorOfMap((spec.selector ?? {}) as Record<string, string>)
    : selectorOf(spec.selector as LabelSelector | undefined);
}

function planScale(
  autoscaler: Readonly<HorizontalPodAutoscaler>,
  world: World,
  history: ScaleHistory,
): Plan {
  const { name, namespace = "", deletionTimestamp } = autoscaler.metadata;
  if (deletionTimestamp !== undefined) return NOTHING_TO_DO;
  const target = targetOf(autoscaler, world.cache);
  const { now } = world;
  if (target === undefined) {
    const { kind, name: wanted } = autoscaler.spec.scaleTargetRef;
    const message = "the HPA controller was unable to get the target's current scale: " +
      `${kind} "${wanted}" not found`;
    const news = [condition("AbleToScale", "False", "FailedGetScale", message)];
    return statusPlan(autoscaler, { news, now, current: 0, desired: 0 });
  }
  const current = sizeOf(target);
  const events = history.see(textOf({ namespace, name }), current, now);
  const decision = decide(autoscaler, {
    current,
    ...measured(target, world),
    sleep: sleepOf(namespace, target.spec.template?.metadata.labels, world),
  });
  if (decision.size === undefined) {
    const desired = autoscaler.status?.desiredReplicas ?? 0;
    return statusPlan(autoscaler, { ...decision, now, current, desired });
  }
  const rules = rulesOf(autoscaler.spec);
  const steady = decision.isBound
    ? decision.size
    : stabilized({ current, wished: decision.size, now }, rules, world.since);
  const desired = decision.isBound
    ? steady
    : limited({ current, size: steady, now }, rules, events);
  const news = [...decision.news, ableToScale(steady !== decision.size, desired !== current)];
  const plan = statusPlan(autoscaler, { ...decision, news, now, current, desired });
  if (desired === current) return plan;
  const scaled: Write = { verb: "update", object: resized(target, desired) };
  return { ...plan, writes: [scaled, ...plan.writes] };
}

/** Pods that are there, and what they use. */
function measured(target: Readonly<Scalable>, { cache, now, read }: World) {
  const selector = selectorFor(target);
  const pods = cache.list(PODS, target.metadata.namespace)
    .filter(({ metadata }) => selector.matches(metadata.labels));
  return { pods, metrics: read(POD_METRICS), now };
}

function resized(target: Readonly<Scalable>, replicas: number): KubeObject {
  const scaled: Scalable = { ...target, spec: { ...target.spec, replicas } };
  return scaled;
}

interface News {
  readonly news: readonly HorizontalPodAutoscalerCondition[];
  readonly metrics?: readonly MetricStatus[];
  readonly now: number;
  readonly current: number;
  readonly desired: number;
}

function statusPlan(
  autoscaler: Readonly<HorizontalPodAutoscaler>,
  { news, metrics = [], now, current, desired }: News,
): Plan {
  const before = autoscaler.status;
  const lastScaleTime = desired !== current && current > 0 ? timeOf(now) : before?.lastScaleTime;
  const status: HorizontalPodAutoscalerStatus = {
    ...(current === 0 ? {} : { currentReplicas: current }),
    desiredReplicas: desired,
    ...(metrics.length === 0 ? {} : { currentMetrics: [...metrics] }),
    ...(lastScaleTime === undefined ? {} : { lastScaleTime }),
    conditions: merged(before?.conditions ?? [], news, timeOf(now)),
  };
  return { writes: towardStatus(autoscaler, status), againMs: SYNC_MS };
}

function merged(
  have: readonly HorizontalPodAutoscalerCondition[],
  news: readonly HorizontalPodAutoscalerCondition[],
  time: string,
): HorizontalPodAutoscalerCondition[] {
  const dated = news.map((one) => {
    const before = have.find(({ type }) => type === one.type);
    const since = before?.status === one.status ? before.lastTransitionTime : undefined;
    return { ...one, lastTransitionTime: since ?? time };
  });
  const kept = have.filter(({ type }) => !news.some((one) => one.type === type));
  return [...kept, ...dated].sort((a, b) => a.type < b.type ? -1 : 1);
}

function reportOf(
  write: Write,
  outcome: KubeObject | StatusError | undefined,
  before: Readonly<KubeObject> | undefined,
): Report | undefined {
  if (write.verb !== "update") return undefined;
  const size = sizeOf(write.object as Scalable);
  if (outcome instanceof StatusError) {
    const message = `New size: ${size}; error: ${outcome.message}`;
    return { type: "Warning", reason: "FailedRescale", message };
  }
  const isUp = before !== undefined && sizeOf(before as Scalable) < size;
  const isWoken = before !== undefined && sizeOf(before as Scalable) === 0;
  const why = isWoken
    ? "a client asks for its service"
    : size === 0
    ? "nobody asks for its service"
    : isUp
    ? "resource utilization above target"
    : "All metrics below target";
  return {
    type: "Normal",
    reason: "SuccessfulRescale",
    message: `New size: ${size}; reason: ${why}`,
  };
}
