/** Objects as users of the simulation make them. */
import type { DaemonSet, Deployment, StatefulSet } from "../../../api/types/apps_v1.ts";
import type { CronJob, Job } from "../../../api/types/batch_v1.ts";
import type { ReplicationController, Service } from "../../../api/types/core_v1.ts";
import { templateOf } from "./templates.ts";

/** Name, namespace, and how many pods. */
export interface Wanted {
  readonly namespace: string;
  readonly name: string;
  readonly replicas: number;
  /** What services select. */
  readonly tier: string;
}

/** More than half a node: one fits on each. */
export const HEAVY_MILLI = 5_000;
/** Of pods that others make room for. */
export const IMPORTANT = "important";

const labelsOf = ({ name, tier }: Wanted) => ({ app: name, tier });

export function controllerOf(wanted: Wanted): ReplicationController {
  const template = templateOf({ labels: labelsOf(wanted) });
  return controllerWith(wanted, template);
}

/** Its pods may have to wait for room. */
export function bulkOf(wanted: Wanted): ReplicationController {
  return controllerWith(
    wanted,
    templateOf({ labels: labelsOf(wanted), milliCpu: HEAVY_MILLI }),
  );
}

/** Its pods take the room of others. */
export function importantOf(wanted: Wanted): ReplicationController {
  const labels = labelsOf(wanted);
  return controllerWith(
    wanted,
    templateOf({ labels, milliCpu: HEAVY_MILLI, priorityClassName: IMPORTANT }),
  );
}

function controllerWith(
  { name, namespace, replicas }: Wanted,
  template: ReturnType<typeof templateOf>,
): ReplicationController {
  return {
    apiVersion: "v1",
    kind: "ReplicationController",
    metadata: { name, namespace },
    spec: { replicas, selector: { app: name }, template },
  };
}

export function deploymentOf(wanted: Wanted): Deployment {
  const { name, namespace, replicas } = wanted;
  const template = templateOf({ labels: labelsOf(wanted) });
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: { replicas, selector: { matchLabels: { app: name } }, template },
  };
}

export function daemonSetOf(wanted: Wanted): DaemonSet {
  const { name, namespace } = wanted;
  const template = templateOf({ labels: labelsOf(wanted), staysOnLostNodes: true });
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name, namespace },
    spec: { selector: { matchLabels: { app: name } }, template },
  };
}

export function statefulSetOf(wanted: Wanted): StatefulSet {
  const { name, namespace, replicas } = wanted;
  const template = templateOf({ labels: labelsOf(wanted) });
  const selector = { matchLabels: { app: name } };
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name, namespace },
    spec: { replicas, selector, serviceName: name, template },
  };
}

/** Each of its pods has a volume, which goes with the set. */
export function dataSetOf(wanted: Wanted): StatefulSet {
  const set = statefulSetOf(wanted);
  const requests = { storage: "1Gi" };
  return {
    ...set,
    spec: {
      ...set.spec,
      template: templateOf({ labels: labelsOf(wanted), claim: "disk" }),
      persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete", whenScaled: "Retain" },
      volumeClaimTemplates: [{
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: { name: "disk" },
        spec: { accessModes: ["ReadWriteOnce"], resources: { requests } },
      }],
    },
  };
}

/** Its pods end well as soon as they run. */
export function jobOf({ name, namespace, replicas }: Wanted): Job {
  const template = templateOf({ labels: { work: name }, command: ["true"] });
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, namespace },
    spec: {
      completions: replicas,
      completionMode: replicas % 2 === 0 ? "Indexed" : "NonIndexed",
      parallelism: Math.min(2, replicas),
      template: { ...template, spec: { ...template.spec, restartPolicy: "Never" } },
    },
  };
}

const CONCURRENCY = ["Allow", "Forbid", "Replace"] as const;

/** The number of pods chooses what happens to a job that is still at work when the next is due. */
export function cronJobOf(wanted: Wanted): CronJob {
  const { name, namespace, replicas } = wanted;
  return {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: { name, namespace },
    spec: {
      schedule: "* * * * *",
      concurrencyPolicy: CONCURRENCY[replicas % 3]!,
      successfulJobsHistoryLimit: 1,
      failedJobsHistoryLimit: 1,
      jobTemplate: { metadata: { name: "" }, spec: jobOf({ ...wanted, replicas: 1 }).spec },
    },
  };
}

export function serviceOf({ name, namespace, tier }: Wanted): Service {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace },
    spec: { selector: { tier }, ports: [{ port: 80 }] },
  };
}
