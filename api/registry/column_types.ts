import type { KubeObject } from "../types/meta.ts";
import type { Column } from "./kind.ts";

type Cell<T> = Column<T>["cell"];

export function text<T extends KubeObject>(
  name: string,
  description: string,
  cell: Cell<T>,
): Column<T> {
  return { name, type: "string", description, cell };
}

/** Shown with `-o wide` only. */
export function wideText<T extends KubeObject>(
  name: string,
  description: string,
  cell: Cell<T>,
): Column<T> {
  return { name, type: "string", priority: 1, description, cell };
}

export function count<T extends KubeObject>(
  name: string,
  description: string,
  cell: Cell<T>,
): Column<T> {
  return { name, type: "integer", description, cell };
}

/** `a=1,b=2`, ordered by key; `<none>` where there is none. */
export function labelsText(labels: Readonly<Record<string, string>> = {}): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
  return orNone(pairs.sort().join(","));
}

export function orNone(value: string | undefined): string {
  return value === undefined || value === "" ? "<none>" : value;
}
