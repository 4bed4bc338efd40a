import { forbidden, required } from "../types/field_errors.ts";
import { validateQualifiedName } from "../types/names.ts";
import type { FieldError } from "../types/status.ts";
import { STORAGE_CLASSES, StorageClass } from "../types/storage_v1.ts";
import { text } from "./column_types.ts";
import { AGE } from "./columns.ts";
import { invalidFor } from "./field_rules.ts";
import { validateUnchanged } from "./immutable_fields.ts";
import type { ResourceKind } from "./kind.ts";
import { isSameJson } from "./same_json.ts";

/** Marks the class that claims get which name none. */
const IS_DEFAULT = [
  "storageclass.kubernetes.io/is-default-class",
  "storageclass.beta.kubernetes.io/is-default-class",
];

export const storageClasses: ResourceKind<StorageClass> = {
  resource: STORAGE_CLASSES,
  schema: StorageClass,
  singular: "storageclass",
  shortNames: ["sc"],
  hasStatus: false,
  returnsDeleted: true,
  validate,
  validateUpdate,
  hasWholeTable: true,
  columns: [
    text("Name", "Name of the class, and whether it is the default.", ({ metadata }) => {
      const isDefault = IS_DEFAULT.some((key) => metadata.annotations?.[key] === "true");
      return isDefault ? `${metadata.name} (default)` : metadata.name;
    }),
    text("Provisioner", "Who makes the volumes.", ({ provisioner }) => provisioner),
    text("ReclaimPolicy", "What happens to a volume after its claim.", ({ reclaimPolicy }) => {
      return reclaimPolicy ?? "Delete";
    }),
    text("VolumeBindingMode", "When a claim gets its volume.", ({ volumeBindingMode }) => {
      return volumeBindingMode ?? "<unset>";
    }),
    {
      name: "AllowVolumeExpansion",
      type: "boolean",
      description: "Whether volumes may grow.",
      cell: ({ allowVolumeExpansion }) => allowVolumeExpansion ?? false,
    },
    AGE,
  ],
};

function validate({ provisioner, parameters = {} }: StorageClass): FieldError[] {
  const errors = provisioner
    ? invalidFor("provisioner", provisioner, validateQualifiedName(provisioner.toLowerCase()))
    : [];
  return "" in parameters ? [...errors, required("parameters", "keys may not be empty")] : errors;
}

function validateUpdate(next: StorageClass, old: StorageClass): FieldError[] {
  const why = "updates to parameters are forbidden.";
  return [
    ...(isSameJson(next.parameters ?? {}, old.parameters ?? {})
      ? []
      : [forbidden("parameters", why)]),
    ...(next.provisioner === old.provisioner
      ? []
      : [forbidden("provisioner", "updates to provisioner are forbidden.")]),
    ...(next.reclaimPolicy === old.reclaimPolicy
      ? []
      : [forbidden("reclaimPolicy", "updates to reclaimPolicy are forbidden.")]),
    ...validateUnchanged("volumeBindingMode", next.volumeBindingMode, old.volumeBindingMode),
  ];
}
