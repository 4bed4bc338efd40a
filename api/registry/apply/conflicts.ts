import { type FieldError, StatusError } from "../../types/status.ts";
import { type FieldSet, intersection, isEmpty, pathsOf } from "./field_set.ts";
import { type Identity, isSameManager, type Managed } from "./managers.ts";
import { pathText } from "./path_element.ts";

/** What another manager holds and the applied configuration would change. */
export interface Conflict {
  readonly entry: Managed;
  readonly fields: FieldSet;
}

export function conflictsWith(
  entries: readonly Managed[],
  self: Identity,
  changed: FieldSet,
): readonly Conflict[] {
  return entries.flatMap((entry) => {
    if (isSameManager(entry, self)) return [];
    const fields = intersection(entry.fieldsV1, changed);
    return isEmpty(fields) ? [] : [{ entry, fields }];
  });
}

/** In the words and the order of Kubernetes. Source: apimachinery, managedfields, conflict.go. */
export function conflictError(conflicts: readonly Conflict[]): StatusError {
  const told = conflicts.map(({ entry, fields }) => ({
    manager: managerText(entry),
    paths: [...pathsOf(fields)].map(pathText),
  })).toSorted((a, b) => a.manager < b.manager ? -1 : 1);
  const causes = told.flatMap(({ manager, paths }) =>
    paths.map((field): FieldError => ({
      reason: "FieldManagerConflict",
      message: `conflict with ${manager}`,
      field,
    }))
  );
  return new StatusError("Conflict", messageOf(causes, told), causes, {});
}

interface Told {
  readonly manager: string;
  readonly paths: readonly string[];
}

function messageOf(causes: readonly FieldError[], told: readonly Told[]): string {
  const [only] = causes;
  if (causes.length === 1 && only !== undefined) {
    return `Apply failed with 1 conflict: ${only.message}: ${only.field}`;
  }
  const lines = told.flatMap(({ manager, paths }) => [
    `conflicts with ${manager}:`,
    ...paths.map((path) => `- ${path}`),
  ]);
  return `Apply failed with ${causes.length} conflicts: ${lines.join("\n")}`;
}

function managerText({ manager, operation, apiVersion, subresource }: Managed): string {
  const through = subresource ? ` with subresource ${JSON.stringify(subresource)}` : "";
  const version = operation === "Update" ? ` using ${apiVersion}` : "";
  return `${JSON.stringify(manager)}${through}${version}`;
}
