import type { KubeObject } from "../types/meta.ts";
import type { ClusterRole, ClusterRoleBinding, PolicyRule, Subject } from "../types/rbac_v1.ts";
import { AUTO_UPDATE } from "./default_policy.ts";
import { uncovered } from "./rules.ts";

/**
 * What a default role or binding becomes that is there already: it gets back what it lacks, and keeps what others
 * added. undefined where it lacks nothing, or is the administrator's own.
 * Source: k8s.io/kubernetes, rbac reconciliation.
 */
export function reconciled(have: KubeObject, want: KubeObject): KubeObject | undefined {
  if (have.metadata.annotations?.[AUTO_UPDATE] === "false") return undefined;
  const labels = { ...want.metadata.labels, ...have.metadata.labels };
  const annotations = { ...want.metadata.annotations, ...have.metadata.annotations };
  const isLabelled = sizeOf(labels) === sizeOf(have.metadata.labels) &&
    sizeOf(annotations) === sizeOf(have.metadata.annotations);
  const grown = "roleRef" in want
    ? withSubjects(have as ClusterRoleBinding, want as ClusterRoleBinding)
    : withRules(have as ClusterRole, want as ClusterRole);
  if (grown === undefined && isLabelled) return undefined;
  return { ...grown ?? have, metadata: { ...have.metadata, labels, annotations } };
}

const sizeOf = (record: object = {}) => Object.keys(record).length;

/** The rules of an aggregated role are its controller's. */
function withRules(have: ClusterRole, want: ClusterRole): ClusterRole | undefined {
  if (want.aggregationRule !== undefined) {
    return have.aggregationRule === undefined
      ? { ...have, aggregationRule: want.aggregationRule }
      : undefined;
  }
  const missing = uncovered(have.rules ?? [], want.rules ?? []) as PolicyRule[];
  return missing.length === 0 ? undefined : { ...have, rules: [...have.rules ?? [], ...missing] };
}

/** A binding to another role is somebody's own: it is left alone. */
function withSubjects(
  have: ClusterRoleBinding,
  want: ClusterRoleBinding,
): ClusterRoleBinding | undefined {
  if (have.roleRef.kind !== want.roleRef.kind || have.roleRef.name !== want.roleRef.name) {
    return undefined;
  }
  const known = new Set((have.subjects ?? []).map(subjectText));
  const missing = (want.subjects ?? []).filter((subject) => !known.has(subjectText(subject)));
  if (missing.length === 0) return undefined;
  return { ...have, subjects: [...have.subjects ?? [], ...missing] };
}

const subjectText = ({ kind, namespace = "", name }: Subject) => `${kind}/${namespace}/${name}`;
