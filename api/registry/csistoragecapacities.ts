import { CSI_STORAGE_CAPACITIES, CSIStorageCapacity } from "../types/storage_v1.ts";
import { text } from "./column_types.ts";
import { validateImmutable } from "./immutable_fields.ts";
import type { ResourceKind } from "./kind.ts";

export const csiStorageCapacities: ResourceKind<CSIStorageCapacity> = {
  resource: CSI_STORAGE_CAPACITIES,
  schema: CSIStorageCapacity,
  singular: "csistoragecapacity",
  hasStatus: false,
  validate: () => [],
  validateUpdate: (next, old) => {
    return validateImmutable("", next, old, ["nodeTopology", "storageClassName"]);
  },
  columns: [
    text("StorageClassName", "The class that the amount is of.", ({ storageClassName }) => {
      return storageClassName;
    }),
    text("Capacity", "What is free.", ({ capacity }) => capacity ?? ""),
  ],
};
