/** Objects as users of the simulation make them. */
import type { Deployment, StatefulSet } from "../../../api/types/apps_v1.ts";
import type { Job } from "../../../api/types/batch_v1.ts";
import type {
  PodTemplateSpec,
  ReplicationController,
  ResourceQuota,
  Service,
} from "../../../api/types/core_v1.ts";

/** Pods leave a lost node soon, and end soon, so that little time has to pass. */
const TOLERATED_SECONDS = 5;

export function templateOf(labels: Record<string, string>, version: number): PodTemplateSpec {
  const tolerated = ["not-ready", "unreachable"].map((taint) => ({
    key: `node.kubernetes.io/${taint}`,
    operator: "Exists" as const,
    effect: "NoExecute" as const,
    tolerationSeconds: TOLERATED_SECONDS,
  }));
  const requests = { cpu: "50m", memory: "16Mi" };
  const ports = [{ containerPort: 80 }];
  const image = `shop:${version}`;
  return {
    metadata: { name: "", labels },
    spec: {
      containers: [{ name: "main", image, ports, resources: { requests } }],
      tolerations: tolerated,
      terminationGracePeriodSeconds: 2,
      automountServiceAccountToken: false,
    },
  };
}

/** Name, namespace, and how many pods. */
export interface Wanted {
  readonly namespace: string;
  readonly name: string;
  readonly replicas: number;
  /** What services select. */
  readonly tier: string;
}

const labelsOf = ({ name, tier }: Wanted) => ({ app: name, tier });

export function controllerOf(wanted: Wanted): ReplicationController {
  const { name, namespace, replicas } = wanted;
  const template = templateOf(labelsOf(wanted), 1);
  return {
    apiVersion: "v1",
    kind: "ReplicationController",
    metadata: { name, namespace },
    spec: { replicas, selector: { app: name }, template },
  };
}

export function deploymentOf(wanted: Wanted): Deployment {
  const { name, namespace, replicas } = wanted;
  const template = templateOf(labelsOf(wanted), 1);
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
    spec: { replicas, selector: { matchLabels: { app: name } }, template },
  };
}

export function statefulSetOf(wanted: Wanted): StatefulSet {
  const { name, namespace, replicas } = wanted;
  const template = templateOf(labelsOf(wanted), 1);
  const selector = { matchLabels: { app: name } };
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name, namespace },
    spec: { replicas, selector, serviceName: name, template },
  };
}

/** Its pods end well as soon as they run. */
export function jobOf({ name, namespace, replicas }: Wanted): Job {
  const template = templateOf({ work: name }, 1);
  const [container] = template.spec.containers;
  const containers = [{ ...container!, command: ["true"] }];
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: { name, namespace },
    spec: {
      completions: replicas,
      parallelism: Math.min(2, replicas),
      template: { ...template, spec: { ...template.spec, containers, restartPolicy: "Never" } },
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

export function quotaOf({ name, namespace, replicas }: Wanted): ResourceQuota {
  return {
    apiVersion: "v1",
    kind: "ResourceQuota",
    metadata: { name, namespace },
    spec: { hard: { pods: String(replicas) } },
  };
}
