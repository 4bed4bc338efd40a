import {
  always,
  any,
  boolean,
  defaulted,
  type Infer,
  int32,
  int64,
  intOrString,
  list,
  messagesOf,
  oneOf,
  optional,
  patchedBy,
  required,
  string,
  time,
} from "./schema.ts";
import { LabelSelector, ObjectMeta, TYPE_META } from "./meta.ts";
import { PersistentVolumeClaim, PodTemplateSpec } from "./core_v1.ts";
import type { Resource } from "./resources.ts";

const message = messagesOf("io.k8s.api.apps.v1");

export const ControllerRevision = message("ControllerRevision", {
  ...TYPE_META,
  data: optional(2, any, "What the workload was, as its controller writes it."),
  metadata: always(1, ObjectMeta),
  revision: required(3, int64, "Grows with each revision of the same workload."),
}, { description: "A state of a workload that can be gone back to. Its data never changes." });
export interface ControllerRevision extends Infer<typeof ControllerRevision> {}

export const RollingUpdateDaemonSet = message("RollingUpdateDaemonSet", {
  maxSurge: optional(2, intOrString),
  maxUnavailable: optional(1, intOrString),
});
export interface RollingUpdateDaemonSet extends Infer<typeof RollingUpdateDaemonSet> {}

export const DaemonSetUpdateStrategy = message("DaemonSetUpdateStrategy", {
  rollingUpdate: optional(2, RollingUpdateDaemonSet),
  type: optional(1, string),
});
export interface DaemonSetUpdateStrategy extends Infer<typeof DaemonSetUpdateStrategy> {}

export const DaemonSetSpec = message("DaemonSetSpec", {
  minReadySeconds: optional(4, int32, "A pod counts as available after being ready for so long."),
  revisionHistoryLimit: defaulted(6, int32, 10, "Old revisions kept to go back to."),
  selector: required(1, LabelSelector),
  template: required(2, PodTemplateSpec),
  updateStrategy: optional(3, DaemonSetUpdateStrategy),
});
export interface DaemonSetSpec extends Infer<typeof DaemonSetSpec> {}

export const DaemonSetCondition = message("DaemonSetCondition", {
  lastTransitionTime: optional(3, time),
  message: optional(5, string),
  reason: optional(4, string),
  status: required(2, string),
  type: required(1, string),
});
export interface DaemonSetCondition extends Infer<typeof DaemonSetCondition> {}

export const DaemonSetStatus = message("DaemonSetStatus", {
  collisionCount: optional(9, int32),
  conditions: optional(10, list(DaemonSetCondition, { mergeKey: "type" })),
  currentNumberScheduled: required(1, int32),
  desiredNumberScheduled: required(3, int32),
  numberAvailable: optional(7, int32),
  numberMisscheduled: required(2, int32),
  numberReady: required(4, int32),
  numberUnavailable: optional(8, int32),
  observedGeneration: optional(5, int64),
  updatedNumberScheduled: optional(6, int32),
});
export interface DaemonSetStatus extends Infer<typeof DaemonSetStatus> {}

export const DaemonSet = message("DaemonSet", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, DaemonSetSpec),
  status: optional(3, DaemonSetStatus),
}, { description: "Keeps one pod on every node that its template fits." });
export interface DaemonSet extends Infer<typeof DaemonSet> {}

export const RollingUpdateDeployment = message("RollingUpdateDeployment", {
  maxSurge: optional(
    2,
    intOrString,
    "Pods above the wanted number during an update, as a number or in percent; rounded up.",
  ),
  maxUnavailable: optional(
    1,
    intOrString,
    "Pods that may be missing during an update, as a number or in percent; rounded down.",
  ),
});
export interface RollingUpdateDeployment extends Infer<typeof RollingUpdateDeployment> {}

export const DeploymentStrategy = message("DeploymentStrategy", {
  rollingUpdate: optional(2, RollingUpdateDeployment),
  type: optional(1, oneOf("Recreate", "RollingUpdate")),
}, { description: "How old pods are replaced by new ones." });
export interface DeploymentStrategy extends Infer<typeof DeploymentStrategy> {}

export const DeploymentSpec = message("DeploymentSpec", {
  minReadySeconds: optional(5, int32, "A pod counts as available after being ready for so long."),
  paused: optional(7, boolean, "True: changes of the template wait."),
  progressDeadlineSeconds: defaulted(
    9,
    int32,
    600,
    "A rollout without progress for so long is reported as failed.",
  ),
  replicas: defaulted(1, int32, 1, "Pods wanted."),
  revisionHistoryLimit: defaulted(6, int32, 10, "Old replica sets kept to go back to."),
  selector: required(2, LabelSelector),
  strategy: patchedBy("retainKeys", optional(4, DeploymentStrategy)),
  template: required(3, PodTemplateSpec),
}, { description: "What the deployment should be." });
export interface DeploymentSpec extends Infer<typeof DeploymentSpec> {}

export const DeploymentCondition = message("DeploymentCondition", {
  lastTransitionTime: optional(7, time),
  lastUpdateTime: optional(6, time),
  message: optional(5, string),
  reason: optional(4, string),
  status: required(2, string),
  type: required(1, string),
});
export interface DeploymentCondition extends Infer<typeof DeploymentCondition> {}

export const DeploymentStatus = message("DeploymentStatus", {
  availableReplicas: optional(4, int32),
  collisionCount: optional(8, int32),
  conditions: optional(6, list(DeploymentCondition, { mergeKey: "type" })),
  observedGeneration: optional(1, int64),
  readyReplicas: optional(7, int32),
  replicas: optional(2, int32),
  unavailableReplicas: optional(5, int32),
  updatedReplicas: optional(3, int32),
});
export interface DeploymentStatus extends Infer<typeof DeploymentStatus> {}

export const Deployment = message("Deployment", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, DeploymentSpec),
  status: optional(3, DeploymentStatus),
}, {
  description:
    "Keeps as many pods of one template as wanted, and replaces them in steps when the template changes.",
});
export interface Deployment extends Infer<typeof Deployment> {}

export const ReplicaSetSpec = message("ReplicaSetSpec", {
  minReadySeconds: optional(4, int32, "A pod counts as available after being ready for so long."),
  replicas: defaulted(1, int32, 1, "Pods wanted."),
  selector: required(2, LabelSelector),
  template: always(3, PodTemplateSpec),
});
export interface ReplicaSetSpec extends Infer<typeof ReplicaSetSpec> {}

export const ReplicaSetCondition = message("ReplicaSetCondition", {
  lastTransitionTime: optional(3, time),
  message: optional(5, string),
  reason: optional(4, string),
  status: required(2, string),
  type: required(1, string),
});
export interface ReplicaSetCondition extends Infer<typeof ReplicaSetCondition> {}

export const ReplicaSetStatus = message("ReplicaSetStatus", {
  availableReplicas: optional(5, int32),
  conditions: optional(6, list(ReplicaSetCondition, { mergeKey: "type" })),
  fullyLabeledReplicas: optional(2, int32),
  observedGeneration: optional(3, int64),
  readyReplicas: optional(4, int32),
  replicas: required(1, int32),
});
export interface ReplicaSetStatus extends Infer<typeof ReplicaSetStatus> {}

export const ReplicaSet = message("ReplicaSet", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, ReplicaSetSpec),
  status: optional(3, ReplicaSetStatus),
}, { description: "Keeps as many pods of one template as wanted." });
export interface ReplicaSet extends Infer<typeof ReplicaSet> {}

export const RollingUpdateStatefulSetStrategy = message("RollingUpdateStatefulSetStrategy", {
  maxUnavailable: optional(2, intOrString),
  partition: optional(1, int32, "Only pods from this number on are updated."),
});
export interface RollingUpdateStatefulSetStrategy
  extends Infer<typeof RollingUpdateStatefulSetStrategy> {}

export const StatefulSetOrdinals = message("StatefulSetOrdinals", {
  start: optional(1, int32, "Number of the first pod."),
});
export interface StatefulSetOrdinals extends Infer<typeof StatefulSetOrdinals> {}

export const StatefulSetPersistentVolumeClaimRetentionPolicy = message(
  "StatefulSetPersistentVolumeClaimRetentionPolicy",
  {
    whenDeleted: optional(1, string),
    whenScaled: optional(2, string),
  },
);
export interface StatefulSetPersistentVolumeClaimRetentionPolicy
  extends Infer<typeof StatefulSetPersistentVolumeClaimRetentionPolicy> {}

export const StatefulSetUpdateStrategy = message("StatefulSetUpdateStrategy", {
  rollingUpdate: optional(2, RollingUpdateStatefulSetStrategy),
  type: optional(1, string),
});
export interface StatefulSetUpdateStrategy extends Infer<typeof StatefulSetUpdateStrategy> {}

export const StatefulSetSpec = message("StatefulSetSpec", {
  minReadySeconds: optional(9, int32, "A pod counts as available after being ready for so long."),
  ordinals: optional(11, StatefulSetOrdinals),
  persistentVolumeClaimRetentionPolicy: optional(
    10,
    StatefulSetPersistentVolumeClaimRetentionPolicy,
  ),
  podManagementPolicy: defaulted(
    6,
    string,
    "OrderedReady",
    "OrderedReady starts one pod after the other, Parallel all at once.",
  ),
  replicas: defaulted(1, int32, 1, "Pods wanted."),
  revisionHistoryLimit: defaulted(8, int32, 10, "Old revisions kept to go back to."),
  selector: required(2, LabelSelector),
  serviceName: optional(5, string, "The headless service that gives the pods their names."),
  template: required(3, PodTemplateSpec),
  updateStrategy: optional(7, StatefulSetUpdateStrategy),
  volumeClaimTemplates: optional(
    4,
    list(PersistentVolumeClaim),
    "Each pod gets a claim of its own from every template.",
  ),
});
export interface StatefulSetSpec extends Infer<typeof StatefulSetSpec> {}

export const StatefulSetCondition = message("StatefulSetCondition", {
  lastTransitionTime: optional(3, time),
  message: optional(5, string),
  reason: optional(4, string),
  status: required(2, string),
  type: required(1, string),
});
export interface StatefulSetCondition extends Infer<typeof StatefulSetCondition> {}

export const StatefulSetStatus = message("StatefulSetStatus", {
  availableReplicas: optional(11, int32),
  collisionCount: optional(9, int32),
  conditions: optional(10, list(StatefulSetCondition, { mergeKey: "type" })),
  currentReplicas: optional(4, int32),
  currentRevision: optional(6, string),
  observedGeneration: optional(1, int64),
  readyReplicas: optional(3, int32),
  replicas: required(2, int32),
  updateRevision: optional(7, string),
  updatedReplicas: optional(5, int32),
});
export interface StatefulSetStatus extends Infer<typeof StatefulSetStatus> {}

export const StatefulSet = message("StatefulSet", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, StatefulSetSpec),
  status: optional(3, StatefulSetStatus),
}, { description: "Keeps numbered pods, each with a name and volumes of its own." });
export interface StatefulSet extends Infer<typeof StatefulSet> {}

export const CONTROLLER_REVISIONS: Resource<ControllerRevision> = {
  apiVersion: "apps/v1",
  kind: "ControllerRevision",
  resource: "controllerrevisions",
  isNamespaced: true,
};

export const DAEMON_SETS: Resource<DaemonSet> = {
  apiVersion: "apps/v1",
  kind: "DaemonSet",
  resource: "daemonsets",
  isNamespaced: true,
};

export const DEPLOYMENTS: Resource<Deployment> = {
  apiVersion: "apps/v1",
  kind: "Deployment",
  resource: "deployments",
  isNamespaced: true,
};

export const REPLICA_SETS: Resource<ReplicaSet> = {
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  resource: "replicasets",
  isNamespaced: true,
};

export const STATEFUL_SETS: Resource<StatefulSet> = {
  apiVersion: "apps/v1",
  kind: "StatefulSet",
  resource: "statefulsets",
  isNamespaced: true,
};
