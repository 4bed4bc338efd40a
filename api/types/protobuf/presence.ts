/**
 * Which zeros mean something. Go's encoder writes every field that Kubernetes's types hold by value, set or
 * not, and the fields that they hold by pointer only when they are set. In JSON the zeros of the first sort
 * are left out (`omitempty`), those of the second are there: `replicas: 0` is not the default of 1.
 */
import type { Field, MessageSchema } from "../schema.ts";

/**
 * Names of optional numbers and flags held by value. API conventions want pointers, so what is not named here
 * is one. Source: k8s.io/api and k8s.io/apimachinery, types.go.
 */
const BY_VALUE: ReadonlySet<string> = new Set([
  // meta/v1
  ...["code", "generation", "observedGeneration", "retryAfterSeconds"],
  // core/v1: containers and pods
  ...["stdin", "stdinOnce", "tty", "hostPort", "hostIPC", "hostNetwork", "hostPID", "signal"],
  ...["failureThreshold", "initialDelaySeconds", "periodSeconds", "successThreshold"],
  ...[
    "timeoutSeconds",
    "chapAuthDiscovery",
    "chapAuthSession",
    "partition",
    "readOnly",
    "sslEnabled",
  ],
  // core/v1: the rest
  ...["count", "healthCheckNodePort", "nodePort", "publishNotReadyAddresses", "sizeBytes"],
  ...["unschedulable"],
  // workloads
  ...["minReadySeconds", "paused", "availableReplicas", "currentReplicas", "fullyLabeledReplicas"],
  ...["readyReplicas", "unavailableReplicas", "updatedReplicas", "numberAvailable"],
  ...["numberUnavailable", "updatedNumberScheduled", "active", "failed", "succeeded"],
  // other groups
  ...["authenticated", "denied", "deprecated", "deprecatedCount", "globalDefault", "number"],
  ...["exclusiveMaximum", "exclusiveMinimum", "nullable", "uniqueItems"],
  ...["x-kubernetes-embedded-resource", "x-kubernetes-int-or-string", "insecureSkipTLSVerify"],
  ...["preserveUnknownFields"],
]);

/** Where one type differs from the others that have a field of the name. */
const EXCEPTIONS: Readonly<Record<string, "by value" | "by pointer">> = {
  "admissionregistration.v1.MutatingWebhook.timeoutSeconds": "by pointer",
  "admissionregistration.v1.ValidatingWebhook.timeoutSeconds": "by pointer",
  "apiextensions.v1.CustomResourceColumnDefinition.priority": "by value",
  "apps.v1.DeploymentStatus.replicas": "by value",
  "apps.v1.RollingUpdateStatefulSetStrategy.partition": "by pointer",
  "autoscaling.v1.HorizontalPodAutoscalerStatus.observedGeneration": "by pointer",
  "autoscaling.v2.HorizontalPodAutoscalerStatus.observedGeneration": "by pointer",
  "core.v1.AzureDiskVolumeSource.readOnly": "by pointer",
  "core.v1.CSIVolumeSource.readOnly": "by pointer",
  "core.v1.ClientIPConfig.timeoutSeconds": "by pointer",
  "storage.v1.VolumeNodeResources.count": "by pointer",
};

/** Texts held by pointer whose emptiness says something: no storage class at all, the group "" itself. */
const TEXTS_BY_POINTER: ReadonlySet<string> = new Set([
  "coordination.v1.LeaseSpec.holderIdentity",
  "core.v1.GRPCAction.service",
  "core.v1.HostPathVolumeSource.type",
  "core.v1.PersistentVolumeClaimSpec.storageClassName",
  "core.v1.PodDNSConfigOption.value",
  "core.v1.PodSpec.runtimeClassName",
  "core.v1.SeccompProfile.localhostProfile",
  "core.v1.ServiceSpec.loadBalancerClass",
  "core.v1.TypedLocalObjectReference.apiGroup",
  "core.v1.TypedObjectReference.apiGroup",
  "core.v1.TypedObjectReference.namespace",
  "discovery.v1.EndpointPort.appProtocol",
  "discovery.v1.EndpointPort.name",
  "discovery.v1.EndpointPort.protocol",
  "meta.v1.Preconditions.resourceVersion",
  "meta.v1.Preconditions.uid",
  "networking.v1.IngressSpec.ingressClassName",
]);

/** True where JSON shows the zero or the empty text that protobuf has. */
export function keepsZero({ name: message }: MessageSchema, name: string, field: Field): boolean {
  if (field.isRequired) return field.isAlways !== true;
  const path = `${message.split(".").slice(-3).join(".")}.${name}`;
  const { is } = field.schema;
  if (is === "string" || is === "enum") return TEXTS_BY_POINTER.has(path);
  if (is === "bytes") return false;
  return (EXCEPTIONS[path] ?? (BY_VALUE.has(name) ? "by value" : "by pointer")) === "by pointer";
}
