import { CSI_DRIVERS, CSIDriver } from "../types/storage_v1.ts";
import { text } from "./column_types.ts";
import { validateImmutable } from "./immutable_fields.ts";
import type { Column, ResourceKind } from "./kind.ts";

export const csiDrivers: ResourceKind<CSIDriver> = {
  resource: CSI_DRIVERS,
  schema: CSIDriver,
  singular: "csidriver",
  hasStatus: false,
  returnsDeleted: true,
  default: (driver) => ({
    ...driver,
    spec: {
      ...driver.spec,
      volumeLifecycleModes: driver.spec.volumeLifecycleModes ?? ["Persistent"],
    },
  }),
  validate: () => [],
  validateUpdate: ({ spec }, { spec: old }) => {
    return validateImmutable("spec", spec, old, ["attachRequired", "volumeLifecycleModes"]);
  },
  columns: [
    flag("AttachRequired", "Volumes are attached before use.", ({ spec }) => spec.attachRequired),
    flag("PodInfoOnMount", "The driver is told of the pod.", ({ spec }) => spec.podInfoOnMount),
    flag("StorageCapacity", "The driver says what is free.", ({ spec }) => spec.storageCapacity),
    text("TokenRequests", "Audiences of the tokens that it gets.", ({ spec }) => {
      return spec.tokenRequests?.map(({ audience }) => audience).join(",") ?? "<unset>";
    }),
    flag("RequiresRepublish", "Volumes are mounted again and again.", ({ spec }) => {
      return spec.requiresRepublish;
    }),
    text("Modes", "The lives that its volumes can have.", ({ spec }) => {
      return spec.volumeLifecycleModes?.join(",") ?? "<none>";
    }),
  ],
};

function flag(
  name: string,
  description: string,
  cell: (object: CSIDriver) => boolean | undefined,
): Column<CSIDriver> {
  return { name, type: "boolean", description, cell: (object) => cell(object) ?? false };
}
