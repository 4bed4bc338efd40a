/** What made an object what it is: the writes that are remembered, who holds its fields, and who owns it. Pure. */
import { isSameManager, storedEntries } from "../registry/apply/managers.ts";
import { difference, isEmpty, pathsOf } from "../registry/apply/field_set.ts";
import type { KubeObject, OwnerReference } from "../types/meta.ts";
import type { StoreEvent } from "../../store/store.ts";
import { changesBetween } from "./object_changes.ts";

/** One write, as the store's history has it. */
export interface RememberedWrite {
  readonly revision: number;
  readonly at: string;
  readonly verb: "created" | "changed" | "deleted";
  /** Programs, as managed fields name them; absent where nobody left a trace. */
  readonly by?: readonly string[];
  /** `path: before → after`, the first of them. */
  readonly changes: readonly string[];
}

/** Who holds fields of the object, and since when. */
export interface FieldHolder {
  readonly manager: string;
  readonly operation: string;
  readonly subresource?: string;
  readonly at?: string;
  readonly fields: readonly string[];
}

/** One step towards whoever asked for the object. */
export interface Origin {
  readonly kind: string;
  readonly name: string;
  /** The program that created it. */
  readonly by?: string;
  readonly at?: string;
  readonly isGone?: true;
}

export interface ObjectStory {
  readonly kind: "ObjectStory";
  readonly apiVersion: "wherry.dev/v1";
  readonly metadata: { readonly namespace?: string; readonly name: string };
  /** From whoever asked for it to the object itself. */
  readonly origins: readonly Origin[];
  /** Oldest first; older ones than the store remembers are missing. */
  readonly writes: readonly RememberedWrite[];
  readonly holders: readonly FieldHolder[];
  readonly events: readonly { readonly at: string; readonly text: string }[];
}

export function writesOf(history: readonly StoreEvent[]): RememberedWrite[] {
  return history.map(({ type, revision, at, current, previous }) => {
    const [before, after] = [previous?.object, current.object];
    const by = writersOf(before, after);
    return {
      revision,
      at: new Date(at).toISOString(),
      verb: type === "DELETE" ? "deleted" : before === undefined ? "created" : "changed",
      ...(type !== "DELETE" && by.length > 0 && { by }),
      changes: type === "DELETE" || before === undefined ? [] : changesBetween(before, after),
    };
  });
}

/** Those whose entries are new, younger or larger: a write renews the time of its own, and takes fields of others. */
function writersOf(before: KubeObject | undefined, after: KubeObject): string[] {
  const known = storedEntries(before?.metadata.managedFields);
  const fresh = storedEntries(after.metadata.managedFields).filter((entry) => {
    const old = known.find((one) => isSameManager(one, entry));
    return old === undefined || old.time !== entry.time ||
      !isEmpty(difference(entry.fieldsV1, old.fieldsV1));
  });
  return [...new Set(fresh.map(({ manager = "" }) => manager))];
}

export function holdersOf({ metadata }: KubeObject): FieldHolder[] {
  return storedEntries(metadata.managedFields)
    .map(({ manager = "", operation = "", subresource, time, fieldsV1 }) => ({
      manager,
      operation,
      ...(subresource !== undefined && { subresource }),
      ...(time !== undefined && { at: time }),
      fields: [...pathsOf(fieldsV1)].map(textOf),
    }));
}

/** Of `f:spec`, `k:{"name":"web"}` and the like. */
function textOf(path: readonly string[]): string {
  return path.filter((step) => step !== ".").map((step) => step.replace(/^f:/, "")).join(".");
}

export function originOf(object: KubeObject): Origin {
  const { kind, metadata: { name, creationTimestamp } } = object;
  const by = creatorOf(object);
  return {
    kind,
    name,
    ...(by !== undefined && { by }),
    ...(creationTimestamp !== undefined && { at: creationTimestamp }),
  };
}

/** The entry that is as old as the object. */
function creatorOf({ metadata }: KubeObject): string | undefined {
  const { managedFields = [], creationTimestamp } = metadata;
  return managedFields.find(({ time, subresource }) =>
    time === creationTimestamp && subresource === undefined
  )?.manager;
}

export function controllingOwner({ metadata }: KubeObject): OwnerReference | undefined {
  const owners = metadata.ownerReferences ?? [];
  return owners.find(({ controller }) => controller === true) ?? owners[0];
}

/** Lines for people. */
export function textOfStory({ metadata, origins, writes, holders, events }: ObjectStory): string {
  const section = (title: string, lines: readonly string[]) =>
    lines.length === 0 ? [] : ["", title, ...lines.map((line) => `  ${line}`)];
  const { namespace, name } = metadata;
  return [
    `${origins.at(-1)?.kind ?? ""} ${namespace === undefined ? "" : `${namespace}/`}${name}`,
    ...section("comes from", origins.map(lineOfOrigin)),
    ...section(
      "writes that are remembered",
      writes.flatMap(({ at, revision, verb, by, changes }) => [
        `${at}  ${revision}  ${verb}${by === undefined ? "" : ` by ${by.join(", ")}`}`,
        ...changes.map((change) => `    ${change}`),
      ]),
    ),
    ...section(
      "fields are held by",
      holders.map(({ manager, subresource, at, fields }) =>
        `${manager}${subresource === undefined ? "" : ` (${subresource})`}, ${at}: ` +
        fields.join(", ")
      ),
    ),
    ...section("events", events.map(({ at, text }) => `${at}  ${text}`)),
  ].join("\n") + "\n";
}

function lineOfOrigin({ kind, name, by, at, isGone }: Origin): string {
  if (isGone) return `${kind} ${name}, which is gone`;
  return `${kind} ${name}${by === undefined ? "" : `, created by ${by}`}` +
    (at === undefined ? "" : ` at ${at}`);
}
