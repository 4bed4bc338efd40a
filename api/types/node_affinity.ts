import type { NodeSelectorRequirement, NodeSelectorTerm, Pod } from "./core_v1.ts";

/** What selects nodes: its name and labels. */
export interface Selectable {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** The pod's nodeSelector and its required node affinity both select the node. */
export function selectsNode({ spec }: Readonly<Pod>, node: Selectable): boolean {
  for (const name in spec.nodeSelector) {
    if (node.labels[name] !== spec.nodeSelector[name]) return false;
  }
  const required = spec.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution;
  if (required === undefined) return true;
  return required.nodeSelectorTerms.some((term) => meetsTerm(term, node));
}

/** A term without requirements selects nothing. */
export function meetsTerm(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  node: Selectable,
) {
  if (matchExpressions.length + matchFields.length === 0) return false;
  return matchExpressions.every((requirement) =>
    meets(requirement, node.labels[requirement.key])
  ) &&
    matchFields.every((requirement) =>
      meets(requirement, requirement.key === "metadata.name" ? node.name : undefined)
    );
}

function meets(
  { operator, values = [] }: NodeSelectorRequirement,
  value: string | undefined,
): boolean {
  switch (operator) {
    case "In":
      return value !== undefined && values.includes(value);
    case "NotIn":
      return value === undefined || !values.includes(value);
    case "Exists":
      return value !== undefined;
    case "DoesNotExist":
      return value === undefined;
    case "Gt":
      return isNumber(value) && isNumber(values[0]) && Number(value) > Number(values[0]);
    case "Lt":
      return isNumber(value) && isNumber(values[0]) && Number(value) < Number(values[0]);
  }
}

function isNumber(text: string | undefined): text is string {
  return text !== undefined && /^-?\d+$/.test(text);
}
