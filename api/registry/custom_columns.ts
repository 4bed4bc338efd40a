import type { CustomResourceColumnDefinition } from "../types/apiextensions_v1.ts";
import type { KubeObject } from "../types/meta.ts";
import { AGE, NAME } from "./columns.ts";
import { ageAt } from "./human_duration.ts";
import type { Column } from "./kind.ts";
import { parseJsonPath } from "./structural/json_path.ts";

type Cell = string | number | boolean | null;

/** The whole table of a custom kind: what the definition names, or the age alone. */
export function customColumns(
  definitions: readonly CustomResourceColumnDefinition[] = [],
): readonly Column<KubeObject>[] {
  if (definitions.length === 0) return [NAME, { ...AGE, type: "date" }];
  return [NAME, ...definitions.map(columnOf)];
}

function columnOf(definition: CustomResourceColumnDefinition): Column<KubeObject> {
  const { name, type, format, priority, description, jsonPath } = definition;
  const path = parseJsonPath(jsonPath);
  return {
    name,
    type: type as Column<KubeObject>["type"],
    ...(format !== undefined && { format }),
    ...(priority !== undefined && { priority }),
    description: description ??
      `Custom resource definition column (in JSONPath format): ${jsonPath}`,
    cell: (object, now) => cellOf(type, path?.find(object)[0], now),
  };
}

/** Values of another type than the column's are not shown. Source: apiextensions-apiserver, tableconvertor.go. */
function cellOf(type: string, value: unknown, now: string): Cell {
  if (value === undefined || value === null) return null;
  switch (type) {
    case "integer":
      return typeof value === "number" ? Math.trunc(value) : null;
    case "number":
      return typeof value === "number" ? value : null;
    case "boolean":
      return typeof value === "boolean" ? value : null;
    case "date":
      return typeof value === "string" ? dateCell(value, now) : null;
    default:
      return typeof value === "object" ? JSON.stringify(value) : String(value);
  }
}

function dateCell(text: string, now: string): string {
  return Number.isNaN(Date.parse(text)) ? "<invalid>" : ageAt(now, text);
}
