import type { Container, Pod, PodSpec, Toleration } from "../types/core_v1.ts";
import { forbidden, invalid } from "../types/field_errors.ts";
import type { FieldError } from "../types/status.ts";
import { isSameJson } from "./same_json.ts";

const DEADLINE_MAX = 2147483647;

const MAY_CHANGE = "pod updates may not change fields other than `spec.containers[*].image`," +
  "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` " +
  "(only additions to existing tolerations),`spec.terminationGracePeriodSeconds` " +
  "(allow it to be set to 1 if it was previously negative)";

/** A pod is replaced rather than changed: what little may change is named in `MAY_CHANGE`. */
export function validatePodUpdate({ spec }: Pod, { spec: old }: Pod): FieldError[] {
  const counts = [
    ...validateSameCount("spec.containers", spec.containers, old.containers),
    ...validateSameCount("spec.initContainers", spec.initContainers, old.initContainers),
  ];
  if (counts.length > 0) return counts;
  return [
    ...validateDeadline(spec.activeDeadlineSeconds, old.activeDeadlineSeconds),
    ...validateTolerationsKept(spec.tolerations ?? [], old.tolerations ?? []),
    ...validateRest(spec, old),
  ];
}

function validateSameCount(
  field: string,
  containers: readonly Container[] = [],
  old: readonly Container[] = [],
): FieldError[] {
  if (containers.length === old.length) return [];
  return [forbidden(field, "pod updates may not add or remove containers")];
}

/** A deadline may come, and come nearer. */
function validateDeadline(seconds: number | undefined, old: number | undefined): FieldError[] {
  const field = "spec.activeDeadlineSeconds";
  if (seconds === undefined) {
    if (old === undefined) return [];
    return [invalid(field, seconds, "must not update from a positive integer to nil value")];
  }
  if (seconds < 0 || seconds > DEADLINE_MAX) {
    return [invalid(field, seconds, `must be between 0 and ${DEADLINE_MAX}, inclusive`)];
  }
  if (old === undefined || seconds <= old) return [];
  return [invalid(field, seconds, "must be less than or equal to previous value")];
}

function validateTolerationsKept(
  tolerations: readonly Toleration[],
  old: readonly Toleration[],
): FieldError[] {
  const isKept = (one: Toleration) => tolerations.some((other) => isSameBarTime(one, other));
  if (old.every(isKept)) return [];
  const why = "existing toleration can not be modified except its tolerationSeconds";
  return [forbidden("spec.tolerations", why)];
}

function isSameBarTime(
  { tolerationSeconds: _a, ...a }: Toleration,
  { tolerationSeconds: _b, ...b }: Toleration,
): boolean {
  return isSameJson(a, b);
}

function validateRest(spec: PodSpec, old: PodSpec): FieldError[] {
  const [now, before] = [withAllowedOf(spec, old), old];
  if (isSameJson(now, before)) return [];
  const changed = changedPaths("spec", before, now);
  return [forbidden("spec", `${MAY_CHANGE}\nchanged: ${changed.join(", ")}`)];
}

/** `spec` with the old value of everything that may change. */
function withAllowedOf(spec: PodSpec, old: PodSpec): PodSpec {
  const { activeDeadlineSeconds: _d, tolerations: _t, ...rest } = spec;
  const { activeDeadlineSeconds, tolerations, terminationGracePeriodSeconds: grace = 0 } = old;
  const hasFixedGrace = grace < 0 && spec.terminationGracePeriodSeconds === 1;
  return {
    ...rest,
    ...(activeDeadlineSeconds !== undefined && { activeDeadlineSeconds }),
    ...(tolerations !== undefined && { tolerations }),
    ...(hasFixedGrace && { terminationGracePeriodSeconds: grace }),
    containers: withOldImages(spec.containers, old.containers),
    ...(spec.initContainers &&
      { initContainers: withOldImages(spec.initContainers, old.initContainers ?? []) }),
  };
}

function withOldImages(containers: readonly Container[], old: readonly Container[]): Container[] {
  return containers.map((container, i) => {
    const { image: _, ...rest } = container;
    const image = old[i]?.image;
    return image === undefined ? rest : { ...rest, image };
  });
}

/** Paths of the smallest parts that differ, for whoever wonders which of them it was. */
function changedPaths(path: string, before: unknown, now: unknown): string[] {
  if (isSameJson(before, now)) return [];
  if (Array.isArray(before) && Array.isArray(now) && before.length === now.length) {
    return before.flatMap((item, i) => changedPaths(`${path}[${i}]`, item, now[i]));
  }
  if (!isObject(before) || !isObject(now)) return [path];
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...names].flatMap((name) => changedPaths(`${path}.${name}`, before[name], now[name]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
