import { CONTROLLER_REVISIONS, ControllerRevision } from "../types/apps_v1.ts";
import { required } from "../types/field_errors.ts";
import type { FieldError } from "../types/status.ts";
import { text } from "./column_types.ts";
import { validateNonNegative } from "./field_rules.ts";
import { validateImmutable } from "./immutable_fields.ts";
import { groupOf } from "./keys.ts";
import type { ResourceKind } from "./kind.ts";

export const controllerRevisions: ResourceKind<ControllerRevision> = {
  resource: CONTROLLER_REVISIONS,
  schema: ControllerRevision,
  singular: "controllerrevision",
  hasStatus: false,
  validate,
  validateUpdate: (revision, old) => validateImmutable("", revision, old, ["data"]),
  columns: [
    text("Controller", "Whose state it is.", controllerOf),
    text("Revision", "Number of the state.", ({ revision }) => String(revision)),
  ],
};

/** `statefulset.apps/web`. */
function controllerOf({ metadata }: ControllerRevision): string {
  const owner = metadata.ownerReferences?.find(({ controller }) => controller === true);
  if (owner === undefined) return "<none>";
  const group = groupOf(owner.apiVersion);
  const kind = group === "" ? owner.kind : `${owner.kind}.${group}`;
  return `${kind.toLowerCase()}/${owner.name}`;
}

function validate({ data, revision }: ControllerRevision): FieldError[] {
  const errors = validateNonNegative("revision", revision);
  return data === undefined ? [...errors, required("data", "data is mandatory")] : errors;
}
