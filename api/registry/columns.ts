import { type KubeObject, ObjectMeta } from "../types/meta.ts";
import type { Fields } from "../types/schema.ts";
import { ageAt } from "./human_duration.ts";
import type { AnyKind, Column } from "./kind.ts";

const FIELDS: Fields = ObjectMeta.fields;
const said = (field: string) => FIELDS[field]?.description ?? "";

export const NAME: Column<KubeObject> = {
  name: "Name",
  type: "string",
  format: "name",
  description: said("name"),
  cell: (object) => object.metadata.name,
};

export const AGE: Column<KubeObject> = {
  name: "Age",
  type: "string",
  description: said("creationTimestamp"),
  cell: (object, now) => ageAt(now, object.metadata.creationTimestamp),
};

/** Every column in Kubernetes's order: name, the kind's own, age, and last what `-o wide` adds. */
export function tableColumns(kind: AnyKind): readonly Column<KubeObject>[] {
  const own: readonly Column<KubeObject>[] = kind.columns;
  if (kind.hasWholeTable) return own;
  const isWide = (column: Column<KubeObject>) => (column.priority ?? 0) > 0;
  return [NAME, ...own.filter((column) => !isWide(column)), AGE, ...own.filter(isWide)];
}
