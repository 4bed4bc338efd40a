import { forbidden, invalid } from "../types/field_errors.ts";
import { PRIORITY_CLASSES, PriorityClass } from "../types/scheduling_v1.ts";
import type { FieldError } from "../types/status.ts";
import { count, text } from "./column_types.ts";
import { AGE, NAME } from "./columns.ts";
import type { ResourceKind } from "./kind.ts";

const SYSTEM = "system-";
/** Above are the classes of the system. Source: Kubernetes, HighestUserDefinablePriority. */
const VALUE_MAX = 1_000_000_000;

/** The classes that every cluster has, with their values. Source: Kubernetes, SystemPriorityClasses. */
export const SYSTEM_PRIORITIES: Readonly<Record<string, number>> = {
  "system-node-critical": 2_000_001_000,
  "system-cluster-critical": 2_000_000_000,
};

export const priorityClasses: ResourceKind<PriorityClass> = {
  resource: PRIORITY_CLASSES,
  schema: PriorityClass,
  singular: "priorityclass",
  shortNames: ["pc"],
  hasStatus: false,
  hasGeneration: true,
  validate,
  validateUpdate,
  hasWholeTable: true,
  columns: [
    NAME,
    count("Value", "Pods with a higher number go first.", ({ value }) => value),
    {
      name: "Global-Default",
      type: "boolean",
      description: "Whether pods get it that name no class.",
      cell: ({ globalDefault }) => globalDefault ?? false,
    },
    AGE,
    text("PreemptionPolicy", "Whether its pods may drive out others.", ({ preemptionPolicy }) => {
      return preemptionPolicy ?? "";
    }),
  ],
};

function validate({ metadata: { name }, value }: PriorityClass): FieldError[] {
  if (name.startsWith(SYSTEM)) {
    if (SYSTEM_PRIORITIES[name] === value) return [];
    const why = "priority class names with 'system-' prefix are reserved for system use only. " +
      "error: ";
    const known = SYSTEM_PRIORITIES[name];
    const what = known === undefined
      ? `${name} is not a known system priority class`
      : `value of ${name} PriorityClass must be ${known}`;
    return [forbidden("metadata.name", why + what)];
  }
  if (value === undefined || value <= VALUE_MAX) return [];
  const why = `maximum allowed value of a user defined priority is ${VALUE_MAX}`;
  return [forbidden("value", why)];
}

function validateUpdate(next: PriorityClass, old: PriorityClass): FieldError[] {
  const errors: FieldError[] = [];
  if (next.value !== old.value) {
    errors.push(forbidden("value", "may not be changed in an update."));
  }
  if (next.preemptionPolicy === old.preemptionPolicy) return errors;
  return [...errors, invalid("preemptionPolicy", next.preemptionPolicy, "field is immutable")];
}
