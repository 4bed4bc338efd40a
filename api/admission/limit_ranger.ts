import type { LimitRange, LimitRangeItem, PersistentVolumeClaim, Pod } from "../types/core_v1.ts";
import type { KubeObject } from "../types/meta.ts";
import { LIMIT_RANGES } from "../types/resources.ts";
import { prefixOf } from "../registry/keys.ts";
import { rejectInvalid, validateWhole } from "../registry/plan_create.ts";
import { qosClassOf } from "../registry/pod_quality.ts";
import { forbidden } from "../registry/refusals.ts";
import type { Admission, Attempt } from "./admission.ts";
import { claimBreaches, podBreaches } from "./limit_checks.ts";
import { withLimitDefaults } from "./limit_defaults.ts";

/**
 * What one pod, container or claim may ask for in this namespace, and what it gets where it says nothing. What
 * the defaults make of a pod is validated once more. Texts: k8s.io/kubernetes, plugin limitranger.
 */
export const limitRanger: Admission = (attempt, view) => {
  if (!isLimited(attempt)) return;
  const { kind, namespace, object } = attempt;
  const ranges = view.list(prefixOf(LIMIT_RANGES, namespace));
  if (ranges.length === 0) return;
  const items = ranges.flatMap((range) => (range.object as LimitRange).spec.limits ?? []);
  const isPod = kind.resource.kind === "Pod";
  const next: KubeObject = isPod ? limited(object as Pod, items) : object;
  if (next !== object) rejectInvalid(kind, next, validateWhole(kind, next));
  const found = items.flatMap((item) =>
    isPod ? podBreaches(item, next as Pod) : claimBreaches(item, next as PersistentVolumeClaim)
  );
  if (found.length > 0) throw refusal(attempt, found);
  return next === object ? undefined : next;
};

/** What a pod asks for also says how its node treats it. */
function limited(pod: Pod, items: readonly LimitRangeItem[]): Pod {
  const next = withLimitDefaults(pod, items);
  return next === pod ? pod : { ...next, status: { ...next.status, qosClass: qosClassOf(next) } };
}

/** What pods ask for can't be changed later; claims may grow. */
function isLimited({ operation, kind: { resource }, subresource = "" }: Attempt): boolean {
  if (resource.apiVersion !== "v1" || subresource !== "") return false;
  if (resource.kind === "Pod") return operation === "CREATE";
  return resource.kind === "PersistentVolumeClaim" && operation !== "DELETE";
}

/** One reason stands alone; several in brackets, each once. Source: apimachinery, NewAggregate. */
function refusal({ kind, object: { metadata } }: Attempt, found: readonly string[]) {
  const reasons = [...new Set(found)];
  const why = reasons.length === 1 ? reasons[0] ?? "" : `[${reasons.join(", ")}]`;
  return forbidden(kind.resource, metadata.name || metadata.generateName || "Unknown", why);
}
