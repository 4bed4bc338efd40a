import { type FieldError, StatusError } from "../api/types/status.ts";
import { isJsonObject, type JsonObject } from "../api/types/json.ts";
import { ANY_CHANGE, CHANGES } from "./changes.ts";
import {
  DEFAULT_POLICY,
  type NamedPredicate,
  type Policy,
  type PredicateRule,
  PREDICATES,
  PRIORITIES,
  type PriorityRule,
  type WeightedPriority,
} from "./policy.ts";
import { type ClusterPredicate, fitsLabelPresence, fitsServiceAffinity } from "./predicates.ts";
import { prefersLabel, prefersOtherZones } from "./priorities.ts";

/**
 * Reads `{ kind: Policy, predicates: [{ name, argument }], priorities: [{ name, weight, argument }] }`. Each list
 * replaces the default one; a list that is left out keeps it. With an argument, the name is free.
 * @throws {StatusError} Invalid, with every wrong field: the scheduler must not start
 */
export function parsePolicy(text: string): Policy {
  const errors: FieldError[] = [];
  const file = fileOf(text);
  if (file.kind !== undefined && file.kind !== "Policy") {
    errors.push(unsupported("kind", file.kind, ["Policy"]));
  }
  const policy = {
    predicates:
      listOf(file, "predicates", errors)?.map((item, index) =>
        predicateOf(item, `predicates[${index}]`, errors)
      ) ?? DEFAULT_POLICY.predicates,
    priorities:
      listOf(file, "priorities", errors)?.map((item, index) =>
        priorityOf(item, `priorities[${index}]`, errors)
      ) ?? DEFAULT_POLICY.priorities,
  };
  if (errors.length === 0) return policy;
  const said = errors.map(({ field, message }) => `${field}: ${message}`).join(", ");
  throw new StatusError("Invalid", `Cannot use the scheduler policy: ${said}`, errors);
}

function fileOf(text: string): JsonObject {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (error) {
    throw new StatusError("Invalid", `Cannot read the scheduler policy: ${error}`);
  }
  if (isJsonObject(file)) return file;
  throw new StatusError("Invalid", "Cannot read the scheduler policy: it is no JSON object");
}

function listOf(file: JsonObject, field: string, errors: FieldError[]): JsonObject[] | undefined {
  const list = file[field];
  if (list === undefined) return undefined;
  if (Array.isArray(list) && list.every(isJsonObject)) return list;
  errors.push(invalid(field, "must be a list of objects with a name"));
  return undefined;
}

function predicateOf(item: JsonObject, path: string, errors: FieldError[]): NamedPredicate {
  const name = nameOf(item, path, errors);
  if (item.argument === undefined) {
    const rule = named(PREDICATES, name);
    if (rule === undefined) {
      errors.push(unsupported(`${path}.name`, name, Object.keys(PREDICATES)));
    }
    return { name, ...rule ?? NOTHING_ASKED };
  }
  return { name, ...predicateWith(item.argument, `${path}.argument`, errors) };
}

function predicateWith(argument: unknown, path: string, errors: FieldError[]): PredicateRule {
  const { labelsPresence, serviceAffinity } = isJsonObject(argument) ? argument : {};
  if (isJsonObject(labelsPresence)) {
    const at = `${path}.labelsPresence`;
    const fits = fitsLabelPresence(
      labelsIn(labelsPresence, at, errors),
      labelsPresence.presence !== false,
    );
    return { fits, helpedBy: CHANGES.nodeAdded | CHANGES.nodeLabels };
  }
  if (isJsonObject(serviceAffinity)) {
    const fits = fitsServiceAffinity(labelsIn(serviceAffinity, `${path}.serviceAffinity`, errors));
    const among: ClusterPredicate = (pod, world) => (node) => fits(pod, node, world);
    return { among, helpedBy: ANY_CHANGE };
  }
  errors.push(invalid(path, "must hold labelsPresence or serviceAffinity"));
  return NOTHING_ASKED;
}

const NOTHING_ASKED: PredicateRule = { fits: () => [], helpedBy: 0 };

function priorityOf(item: JsonObject, path: string, errors: FieldError[]): WeightedPriority {
  const name = nameOf(item, path, errors);
  const weight = item.weight ?? 1;
  if (typeof weight !== "number" || !Number.isInteger(weight) || weight < 0) {
    errors.push(invalid(`${path}.weight`, "must be a whole number that is not negative"));
  }
  const rule = item.argument === undefined
    ? named(PRIORITIES, name)
    : priorityWith(item.argument, `${path}.argument`, errors);
  if (rule === undefined) {
    errors.push(unsupported(`${path}.name`, name, Object.keys(PRIORITIES)));
  }
  return { name, weight: Number(weight), ...rule ?? NOTHING_LIKED };
}

function priorityWith(argument: unknown, path: string, errors: FieldError[]): PriorityRule {
  const { labelPreference, serviceAntiAffinity } = isJsonObject(argument) ? argument : {};
  if (isJsonObject(labelPreference)) {
    const label = labelIn(labelPreference, `${path}.labelPreference`, errors);
    return { prefers: prefersLabel(label, labelPreference.presence !== false) };
  }
  if (isJsonObject(serviceAntiAffinity)) {
    const label = labelIn(serviceAntiAffinity, `${path}.serviceAntiAffinity`, errors);
    const prefers = prefersOtherZones(label);
    return { among: (pod, world) => (nodes) => prefers(pod, nodes, world) };
  }
  errors.push(invalid(path, "must hold labelPreference or serviceAntiAffinity"));
  return NOTHING_LIKED;
}

const NOTHING_LIKED: PriorityRule = { prefers: (_, nodes) => nodes.map(() => 0) };

function nameOf({ name }: JsonObject, path: string, errors: FieldError[]): string {
  if (typeof name === "string" && name !== "") return name;
  errors.push({
    field: `${path}.name`,
    reason: "FieldValueRequired",
    message: "Required value",
  });
  return "";
}

function labelsIn({ labels }: JsonObject, path: string, errors: FieldError[]): string[] {
  if (Array.isArray(labels) && labels.length > 0 && labels.every(isName)) return labels;
  errors.push(invalid(`${path}.labels`, "must be a list of label names"));
  return [];
}

function labelIn({ label }: JsonObject, path: string, errors: FieldError[]): string {
  if (isName(label)) return label;
  errors.push(invalid(`${path}.label`, "must be the name of a label"));
  return "";
}

function isName(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

function named<V>(table: Readonly<Record<string, V>>, name: string): V | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function invalid(field: string, message: string): FieldError {
  return { field, reason: "FieldValueInvalid", message };
}

function unsupported(field: string, value: unknown, supported: readonly string[]): FieldError {
  const values = supported.map((name) => JSON.stringify(name)).join(", ");
  const message = `Unsupported value: ${JSON.stringify(value)}: supported values: ${values}`;
  return { field, reason: "FieldValueNotSupported", message };
}
