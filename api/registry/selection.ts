import { type FieldSelector, parseFieldSelector } from "../types/field_selectors.ts";
import { parseLabelSelector, type Selector } from "../types/labels.ts";
import type { KubeObject } from "../types/meta.ts";
import { StatusError } from "../types/status.ts";
import type { AnyKind } from "./kind.ts";

/** The objects of one kind that a list, a watch or a deletion is about. */
export interface Selection {
  readonly labels: Selector;
  readonly fields: FieldSelector;
  /** True when every object matches. */
  readonly isEverything: boolean;
  /** Equal selections have equal text. */
  readonly text: string;
  matches(object: KubeObject): boolean;
}

/** Reads a field that the kind lets clients select by. */
export type ReadField = (object: KubeObject) => string;

export function fieldReader(kind: AnyKind, field: string): ReadField | undefined {
  if (field === "metadata.name") return (object) => object.metadata.name;
  if (field === "metadata.namespace" && kind.resource.isNamespaced) {
    return (object) => object.metadata.namespace ?? "";
  }
  const { selectableFields } = kind;
  if (selectableFields === undefined || !Object.hasOwn(selectableFields, field)) return undefined;
  return selectableFields[field];
}

/** @throws {StatusError} BadRequest when a selector can't be read or the kind has no such field */
export function selectionOf(kind: AnyKind, labelText: string, fieldText: string): Selection {
  const labels = parseLabelSelector(labelText);
  const readers = new Map<string, ReadField>();
  const isKnown = (field: string) => {
    const reader = fieldReader(kind, field);
    if (reader !== undefined) readers.set(field, reader);
    return reader !== undefined;
  };
  const fields = parseFieldSelector(fieldText, isKnown);
  return {
    labels,
    fields,
    isEverything: labels.isEmpty && fields.isEmpty,
    text: JSON.stringify([String(labels), fields.terms]),
    matches: (object) =>
      labels.matches(object.metadata.labels) &&
      fields.matches((field) => readers.get(field)?.(object) ?? ""),
  };
}

/** The one object that the selection can be about, where it names one. */
export function nameIn(selection: Selection): string | undefined {
  return valueIn(selection, "metadata.name");
}

/** The one value that a field can have, where the selection names one. */
export function valueIn({ fields }: Selection, field: string): string | undefined {
  return fields.terms.find((term) => term.field === field && term.isEqual)?.value;
}

/** @throws {StatusError} BadRequest: a watch or list of one name with another name in its selector */
export function rejectOtherName(selection: Selection, name: string): void {
  const selected = nameIn(selection);
  if (selected === undefined || selected === name) return;
  const why = `field metadata.name=${selected} does not match the name on the URL (${name})`;
  throw new StatusError("BadRequest", why);
}
