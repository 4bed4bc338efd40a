import { Pod } from "../types/core_v1.ts";
import { duplicate, forbidden, invalidStatus, notFound, required } from "../types/field_errors.ts";
import type { KubeObject } from "../types/meta.ts";
import { PODS, type Resource } from "../types/resources.ts";
import type { FieldError } from "../types/status.ts";
import type { ViewSubresource } from "./kind.ts";
import { pullPolicyOf } from "./pod_defaults.ts";
import { isSameJson } from "./same_json.ts";

type Ephemeral = NonNullable<Pod["spec"]["ephemeralContainers"]>[number];

const FIELD = "spec.ephemeralContainers";
/** What makes no sense in a container that only looks into a pod. Source: Kubernetes, allowedEphemeralContainerFields. */
const NOT_ALLOWED = [
  "ports",
  "livenessProbe",
  "readinessProbe",
  "startupProbe",
  "lifecycle",
  "resources",
  "restartPolicy",
] as const;

/** The `ephemeralcontainers` subresource: containers for looking into a pod may be added, and nothing else changes. */
export const ephemeralContainers: ViewSubresource<Pod> = {
  does: "view",
  resource: PODS as Resource<KubeObject>,
  schema: Pod,
  read: (pod) => pod,
  write(pod, view) {
    const added = (view as Pod).spec.ephemeralContainers?.map(withDefaults);
    const { ephemeralContainers: _, ...spec } = pod.spec;
    return { ...pod, spec: added === undefined ? spec : { ...spec, ephemeralContainers: added } };
  },
  validate: (pod, old) => [...validateKept(pod, old), ...validateAdded(pod)],
};

/**
 * Containers for looking into a pod join it through their own path, once it is there.
 * @throws {StatusError} Invalid
 */
export function withoutEphemeral(pod: Pod): Pod {
  if (!pod.spec.ephemeralContainers?.length) return pod;
  throw invalidStatus(PODS, pod.metadata.name, [forbidden(FIELD, "cannot be set on create")]);
}

function withDefaults(one: Ephemeral): Ephemeral {
  return {
    ...one,
    imagePullPolicy: one.imagePullPolicy || pullPolicyOf(one.image ?? ""),
    resources: one.resources ?? {},
    terminationMessagePath: one.terminationMessagePath || "/dev/termination-log",
    terminationMessagePolicy: one.terminationMessagePolicy || "File",
  };
}

function validateKept({ spec }: Pod, { spec: old }: Pod): FieldError[] {
  const now = spec.ephemeralContainers ?? [];
  return (old.ephemeralContainers ?? []).flatMap((before) => {
    const after = now.find(({ name }) => name === before.name);
    if (after === undefined) {
      const why = `existing ephemeral containers ${
        JSON.stringify(before.name)
      } may not be removed\n`;
      return [forbidden(FIELD, why)];
    }
    if (isSameJson(before, after)) return [];
    const why = `existing ephemeral containers ${JSON.stringify(before.name)} may not be changed\n`;
    return [forbidden(FIELD, why)];
  });
}

function validateAdded({ spec }: Pod): FieldError[] {
  const others = [...spec.initContainers ?? [], ...spec.containers].map(({ name }) => name);
  const seen = new Set(others);
  return (spec.ephemeralContainers ?? []).flatMap((one, i) => {
    const field = `${FIELD}[${i}]`;
    const isTaken = seen.has(one.name);
    seen.add(one.name);
    return [
      ...isTaken ? [duplicate(`${field}.name`, one.name)] : [],
      ...one.image ? [] : [required(`${field}.image`)],
      ...validateFields(one, field),
      ...validateTarget(one, field, others),
    ];
  });
}

function validateFields(one: Ephemeral, field: string): FieldError[] {
  const isSet = (value: unknown) =>
    value !== undefined && !(typeof value === "object" && Object.keys(value ?? {}).length === 0);
  return NOT_ALLOWED.filter((name) => isSet(one[name])).map((name) =>
    forbidden(`${field}.${name}`, "cannot be set for an Ephemeral Container")
  );
}

function validateTarget(
  { targetContainerName }: Ephemeral,
  field: string,
  others: readonly string[],
): FieldError[] {
  if (!targetContainerName || others.includes(targetContainerName)) return [];
  return [notFound(`${field}.targetContainerName`, targetContainerName)];
}
