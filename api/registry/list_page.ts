import type { Revision } from "../../store/ledger.ts";
import type { Store, Versioned } from "../../store/store.ts";
import { type FieldError, StatusError } from "../types/status.ts";
import { type Continuation, continueToken, NEWEST, readContinueToken } from "./continue_token.ts";
import type { FieldIndex } from "./field_index.ts";
import { keyOf, prefixOf } from "./keys.ts";
import type { AnyKind } from "./kind.ts";
import { nameIn, type Selection, valueIn } from "./selection.ts";

export interface ListOptions {
  /** Absent: all namespaces. */
  readonly namespace?: string;
  readonly selection: Selection;
  /** Objects at the most; 0: all of them. */
  readonly limit: number;
  /** A token of the page before, or "". */
  readonly continue: string;
  /** Shows the state after this revision; the newest where absent. */
  readonly exactRevision?: Revision;
}

/** A consistent part of a list. */
export interface Page {
  readonly items: readonly Versioned[];
  readonly revision: Revision;
  /** "" where this is the end. */
  readonly continue: string;
  /** Known where nothing is selected away. */
  readonly remaining?: number;
}

const TOKEN_TOO_OLD =
  "The provided continue parameter is too old to display a consistent list result. You can start " +
  "a new list without the continue parameter, or use the continue token in this response to " +
  "retrieve the remainder of the results. Continuing with the provided token results in an " +
  "inconsistent list - objects that were created, modified, or deleted between the time the first " +
  "chunk was returned and now may show up in the list.";
const TOO_OLD = "The resourceVersion for the provided list is too old.";

/**
 * @param index of a field by which the kind is often selected
 * @throws {StatusError} BadRequest on a wrong token, Expired when the state it speaks of is compacted
 */
export function listPage(
  kind: AnyKind,
  store: Store,
  options: ListOptions,
  index?: () => FieldIndex,
): Page {
  const { selection, limit } = options;
  const prefix = prefixOf(
    kind.resource,
    kind.resource.isNamespaced ? options.namespace : undefined,
  );
  const from = options.continue === "" ? undefined : readContinueToken(options.continue);
  const revision = revisionOf(from, options.exactRevision, store);
  const isNewest = from === undefined && revision === store.revision;
  const few = isNewest ? fewOf(kind, store, options, index) : undefined;
  if (few !== undefined) return pageFrom(few, 0, { selection, limit, prefix, revision });
  const all = stateAt(store, prefix, revision, from);
  const start = from === undefined ? 0 : firstAfter(all, prefix + from.last);
  if (selection.isEverything && (limit === 0 || start + limit >= all.length)) {
    return { items: start === 0 ? all : all.slice(start), revision, continue: "" };
  }
  return pageFrom(all, start, { selection, limit, prefix, revision });
}

/** All that can match, where that is known without a look at every object. */
function fewOf(
  kind: AnyKind,
  store: Store,
  { selection, namespace }: ListOptions,
  index: (() => FieldIndex) | undefined,
): readonly Versioned[] | undefined {
  const { resource, indexedField } = kind;
  const place = resource.isNamespaced ? namespace : "";
  const name = nameIn(selection);
  if (name !== undefined && place !== undefined) {
    const found = store.get(keyOf(resource, place, name));
    return found === undefined ? [] : [found];
  }
  const value = indexedField && valueIn(selection, indexedField);
  if (value === undefined || value === "" || index === undefined) return undefined;
  return index().list(value, prefixOf(resource, place));
}

interface Cut {
  readonly selection: Selection;
  readonly limit: number;
  readonly prefix: string;
  readonly revision: Revision;
}

function pageFrom(all: readonly Versioned[], start: number, cut: Cut): Page {
  const { selection, limit, prefix, revision } = cut;
  const items: Versioned[] = [];
  let at = start;
  for (; at < all.length && (limit === 0 || items.length < limit); at += 1) {
    const item = all[at]!;
    if (selection.isEverything || selection.matches(item.object)) items.push(item);
  }
  if (at >= all.length) return { items, revision, continue: "" };
  const token = continueToken({ revision, last: all[at - 1]!.key.slice(prefix.length) });
  const known = selection.isEverything && { remaining: all.length - at };
  return { items, revision, continue: token, ...known };
}

function revisionOf(from: Continuation | undefined, exact: Revision | undefined, store: Store) {
  const revision = from?.revision ?? exact ?? NEWEST;
  return revision === NEWEST ? store.revision : revision;
}

function stateAt(store: Store, prefix: string, revision: Revision, from?: Continuation) {
  if (revision === store.revision) return store.list(prefix);
  if (revision > store.revision) throw tooLarge(revision, store.revision);
  if (revision >= store.compacted) return store.listAt(prefix, revision);
  if (from === undefined) throw new StatusError("Expired", TOO_OLD);
  const token = continueToken({ revision: NEWEST, last: from.last });
  throw new StatusError("Expired", TOKEN_TOO_OLD, [], {}, { continue: token });
}

/** The client knows a version that this server has not got: a list can't show it. */
export function tooLarge(revision: Revision, current: Revision): StatusError {
  const message = `Too large resource version: ${revision}, current: ${current}`;
  const cause: FieldError = {
    field: "",
    reason: "ResourceVersionTooLarge",
    message: "Too large resource version",
  };
  return new StatusError("Timeout", message, [cause], { retryAfterSeconds: 1 });
}

function firstAfter(all: readonly Versioned[], key: string): number {
  let low = 0;
  let high = all.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (all[middle]!.key <= key) low = middle + 1;
    else high = middle;
  }
  return low;
}
