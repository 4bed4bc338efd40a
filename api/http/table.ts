import type { KubeObject, ListMeta } from "../types/meta.ts";
import { StatusError } from "../types/status.ts";
import { tableColumns } from "../registry/columns.ts";
import type { AnyKind } from "../registry/kind.ts";
import type { Page } from "../registry/list_page.ts";
import { listMetaOf, partialOf } from "./partial.ts";

/** What each row carries of its object. */
export type IncludeObject = "None" | "Metadata" | "Object";

/** @throws {StatusError} BadRequest */
export function includeObjectIn(query: URLSearchParams): IncludeObject {
  const value = query.get("includeObject") || "Metadata";
  if (value === "None" || value === "Metadata" || value === "Object") return value;
  throw new StatusError("BadRequest", `unrecognized includeObject value: ${JSON.stringify(value)}`);
}

/** Objects of one kind as the rows that `kubectl get` prints. */
export class TableMaker {
  readonly #columns;
  readonly #include: IncludeObject;
  readonly #now: () => string;
  readonly #columnsJson: string;

  constructor(kind: AnyKind, include: IncludeObject, now: () => string) {
    this.#columns = tableColumns(kind);
    this.#include = include;
    this.#now = now;
    this.#columnsJson = JSON.stringify(this.#columns.map((column) => ({
      name: column.name,
      type: column.type,
      format: column.format ?? "",
      description: column.description,
      priority: column.priority ?? 0,
    })));
  }

  ofList(page: Page): string {
    return this.#table(listMetaOf(page), page.items.map(({ object }) => object));
  }

  ofOne(object: Readonly<KubeObject>): string {
    return this.#table({ resourceVersion: object.metadata.resourceVersion ?? "" }, [object]);
  }

  #table(metadata: ListMeta, objects: readonly Readonly<KubeObject>[]): string {
    const now = this.#now();
    const rows = objects.map((object) => this.#row(object, now)).join(",");
    return `{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":${JSON.stringify(metadata)},` +
      `"columnDefinitions":${this.#columnsJson},"rows":[${rows}]}`;
  }

  #row(object: Readonly<KubeObject>, now: string): string {
    const cells = JSON.stringify(this.#columns.map((column) => column.cell(object, now)));
    if (this.#include === "None") return `{"cells":${cells},"object":null}`;
    const shown = this.#include === "Object" ? object : partialOf(object);
    return `{"cells":${cells},"object":${JSON.stringify(shown)}}`;
  }
}
