import { validateDns1123Subdomain } from "../types/names.ts";
import type { FieldError } from "../types/status.ts";
import { CSI_NODES, CSINode } from "../types/storage_v1.ts";
import { count } from "./column_types.ts";
import { invalidFor, validateUnique } from "./field_rules.ts";
import type { ResourceKind } from "./kind.ts";

export const csiNodes: ResourceKind<CSINode> = {
  resource: CSI_NODES,
  schema: CSINode,
  singular: "csinode",
  hasStatus: false,
  returnsDeleted: true,
  validate: validateNode,
  columns: [count("Drivers", "Drivers on the node.", ({ spec }) => spec.drivers?.length ?? 0)],
};

function validateNode({ spec }: CSINode): FieldError[] {
  const drivers = spec.drivers ?? [];
  return [
    ...drivers.flatMap(({ name }, i) =>
      name
        ? invalidFor(`spec.drivers[${i}].name`, name, validateDns1123Subdomain(name.toLowerCase()))
        : []
    ),
    ...validateUnique(drivers.map(({ name }, i) => [`spec.drivers[${i}].name`, name])),
  ];
}
