import { Binding, Pod } from "../types/core_v1.ts";
import type { KubeObject } from "../types/meta.ts";
import { Eviction, EVICTIONS } from "../types/policy_v1.ts";
import { PODS, type Resource } from "../types/resources.ts";
import type { ConnectSubresource, ResourceKind } from "./kind.ts";
import { keepAdmitted } from "./pod_admitted_fields.ts";
import { bindPod } from "./pod_binding.ts";
import { POD_COLUMNS } from "./pod_columns.ts";
import { defaultPod } from "./pod_defaults.ts";
import { beginPodDeletion } from "./pod_deletion.ts";
import { ephemeralContainers, withoutEphemeral } from "./pod_ephemeral.ts";
import { planEviction } from "./pod_eviction.ts";
import { qosClassOf } from "./pod_quality.ts";
import { proxyTo } from "./proxy.ts";
import { statusView } from "./status_view.ts";
import { validatePod } from "./validate_pod.ts";
import { validatePodUpdate } from "./validate_pod_update.ts";

export const pods: ResourceKind<Pod> = {
  resource: PODS,
  schema: Pod,
  singular: "pod",
  shortNames: ["po"],
  categories: ["all"],
  hasStatus: true,
  returnsDeleted: true,
  default: defaultPod,
  prepareForCreate: (pod) => ({ ...pod, status: firstStatusOf(pod) }),
  prepareForUpdate: keepAdmitted,
  validate: validatePod,
  validateUpdate: validatePodUpdate,
  admit: (pod, old) => ({ object: old === undefined ? withoutEphemeral(pod) : pod }),
  beginDeletion: beginPodDeletion,
  columns: POD_COLUMNS,
  indexedField: "spec.nodeName",
  selectableFields: {
    "spec.nodeName": ({ spec }) => spec.nodeName ?? "",
    "spec.restartPolicy": ({ spec }) => spec.restartPolicy ?? "",
    "spec.schedulerName": ({ spec }) => spec.schedulerName ?? "",
    "spec.serviceAccountName": ({ spec }) => spec.serviceAccountName ?? "",
    "spec.hostNetwork": ({ spec }) => String(spec.hostNetwork ?? false),
    "status.phase": ({ status }) => status?.phase ?? "",
    "status.podIP": ({ status }) => status?.podIPs?.[0]?.ip ?? status?.podIP ?? "",
    "status.nominatedNodeName": ({ status }) => status?.nominatedNodeName ?? "",
  },
  subresources: {
    status: statusView(PODS, Pod),
    ephemeralcontainers: ephemeralContainers,
    binding: {
      does: "action",
      resource: subresource("Binding", "bindings"),
      schema: Binding,
      collection: "bindings",
      act: (pod, binding, moment) => bindPod(pod, binding as Binding, moment),
    },
    eviction: {
      does: "action",
      resource: EVICTIONS as Resource<KubeObject>,
      schema: Eviction,
      plan: (pod, eviction, around) => {
        return planEviction(pod, eviction as Eviction, { kind: pods, ...around });
      },
    },
    log: { does: "connect", resource: PODS as Resource<KubeObject>, verbs: ["get"] },
    exec: stream("PodExecOptions"),
    attach: stream("PodAttachOptions"),
    portforward: stream("PodPortForwardOptions"),
    proxy: proxyTo(PODS, "PodProxyOptions"),
  },
};

function stream(kind: string): ConnectSubresource {
  return { does: "connect", resource: subresource(kind, "pods"), verbs: ["create", "get"] };
}

function subresource(kind: string, resource: string): Resource<KubeObject> {
  return { apiVersion: "v1", kind, resource, isNamespaced: true };
}

/** A pod behind gates says from the start why nobody schedules it. */
function firstStatusOf(pod: Pod): NonNullable<Pod["status"]> {
  const status = { phase: "Pending", qosClass: qosClassOf(pod) } as const;
  if (!pod.spec.schedulingGates?.length) return status;
  return {
    ...status,
    conditions: [{
      type: "PodScheduled",
      status: "False",
      reason: "SchedulingGated",
      message: "Scheduling is blocked due to non-empty scheduling gates",
    }],
  };
}
