import type { Binding, Pod, PodCondition } from "../types/core_v1.ts";
import { invalidStatus, notSupported, required } from "../types/field_errors.ts";
import { PODS } from "../types/resources.ts";
import type { FieldError } from "../types/status.ts";
import type { Moment } from "./kind.ts";
import { conflict } from "./refusals.ts";

/** As Kubernetes names it in refusals. */
const BINDING = { ...PODS, resource: "pods/binding" };

/**
 * Binds the pod to the node that the binding names, once and for all.
 * @throws {StatusError} Invalid; Conflict when the pod is bound or going, or is not the one that was meant
 */
export function bindPod(pod: Pod, binding: Binding, { now }: Moment): Pod {
  const { name } = pod.metadata;
  const errors = validateTarget(binding);
  if (errors.length > 0) throw invalidStatus("Binding", name, errors);
  const refusal = whyNotBound(pod, binding);
  if (refusal !== undefined) throw conflict(BINDING, name, refusal);
  const { annotations } = binding.metadata;
  return {
    ...pod,
    metadata: annotations === undefined
      ? pod.metadata
      : { ...pod.metadata, annotations: { ...pod.metadata.annotations, ...annotations } },
    spec: { ...pod.spec, nodeName: binding.target.name ?? "" },
    status: { ...pod.status, conditions: withScheduled(pod.status?.conditions ?? [], now) },
  };
}

function validateTarget({ target }: Binding): FieldError[] {
  const { kind, name } = target ?? {};
  const errors: FieldError[] = [];
  if (kind && kind !== "Node") errors.push(notSupported("target.kind", kind, ["Node", "<empty>"]));
  if (!name) errors.push(required("target.name"));
  return errors;
}

function whyNotBound({ metadata, spec }: Pod, { metadata: wanted }: Binding): string | undefined {
  const { name, uid, resourceVersion } = metadata;
  if (wanted.uid && wanted.uid !== uid) return unmet("UID", wanted.uid, uid);
  if (wanted.resourceVersion && wanted.resourceVersion !== resourceVersion) {
    return unmet("ResourceVersion", wanted.resourceVersion, resourceVersion);
  }
  if (metadata.deletionTimestamp !== undefined) {
    return `pod ${name} is being deleted, cannot be assigned to a host`;
  }
  if (spec.nodeName) return `pod ${name} is already assigned to node "${spec.nodeName}"`;
  return spec.schedulingGates?.length
    ? `pod ${name} has non-empty .spec.schedulingGates`
    : undefined;
}

function unmet(what: string, wanted: string, found = ""): string {
  return `Precondition failed: ${what} in precondition: ${wanted}, ` +
    `${what} in object meta: ${found}`;
}

function withScheduled(conditions: readonly PodCondition[], now: string): PodCondition[] {
  const scheduled: PodCondition = { type: "PodScheduled", status: "True", lastTransitionTime: now };
  return [...conditions.filter(({ type }) => type !== "PodScheduled"), scheduled];
}
