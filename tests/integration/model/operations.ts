import assert from "node:assert/strict";
import type { Answer, Harness, Json } from "../harness.ts";
import type { Choices } from "../choices.ts";
import { type Id, nameOf, type Reference, textOf, type Thing } from "./reference.ts";
import { thingOf } from "./watching.ts";

export const KINDS = ["configmaps", "secrets"] as const;
export const NAMESPACES = ["default", "kube-system"] as const;
const NAMES = ["n0", "n1", "n2", "n3", "n4", "n5"] as const;
const APPS = ["a", "b", "c"] as const;
const FINALIZER = "example.com/hold";
const MERGE = { "content-type": "application/merge-patch+json" };

/** A request and what must come of it. `next` is undefined where the thing goes. */
export interface Operation {
  readonly id: Id;
  readonly method: string;
  readonly body?: Json;
  readonly headers?: Record<string, string>;
  readonly code: number;
  readonly effect: { readonly next: Omit<Thing, "revision" | "uid"> | undefined } | "none";
}

export function pathOf(id: Id): string {
  const [kind, namespace, name] = id.split("/");
  return `/api/v1/namespaces/${namespace}/${kind}/${name}`;
}

export function anyId(choices: Choices): Id {
  return `${choices.of(KINDS)}/${choices.of(NAMESPACES)}/${choices.of(NAMES)}`;
}

/** Something to do to this id, which nobody else touches meanwhile. */
export function anyOperation(id: Id, reference: Reference, choices: Choices): Operation {
  const thing = reference.get(id);
  if (thing === undefined) {
    if (choices.chance(0.8)) return creation(id, choices);
    return { id, method: choices.of(["GET", "DELETE"]), code: 404, effect: "none" };
  }
  switch (choices.weighted({ update: 4, patch: 4, remove: 3, stale: 1, again: 1, nothing: 1 })) {
    case "update":
      return replacement(id, thing, choices);
    case "patch":
      return patching(id, thing, choices);
    case "remove":
      return removal(id, thing);
    case "stale":
      return {
        ...replacement(id, { ...thing, revision: 1 }, choices, true),
        code: 409,
        effect: "none",
      };
    case "again":
      return { ...creation(id, choices), code: 409, effect: "none" };
    case "nothing":
      return { id, method: "PATCH", headers: MERGE, body: {}, code: 200, effect: "none" };
  }
}

function creation(id: Id, choices: Choices): Operation {
  const next = {
    labels: anyLabels(choices),
    data: anyData(choices),
    finalizers: choices.chance(0.15) ? [FINALIZER] : [],
    isGoing: false,
  };
  return { id, method: "POST", body: bodyOf(id, next), code: 201, effect: { next } };
}

function replacement(id: Id, thing: Thing, choices: Choices, isHeld = choices.chance(0.5)) {
  const next = {
    labels: anyLabels(choices),
    data: anyData(choices),
    finalizers: choices.chance(0.5) ? thing.finalizers : [],
    isGoing: thing.isGoing,
  };
  const version = isHeld ? { resourceVersion: String(thing.revision) } : {};
  const operation = { id, method: "PUT", body: bodyOf(id, next, version), code: 200 };
  return { ...operation, effect: effectOf(thing, next) } as const;
}

function patching(id: Id, thing: Thing, choices: Choices): Operation {
  const app = choices.of([...APPS, null]);
  const value = btoa(String(choices.below(3)));
  const isFree = choices.chance(0.2);
  const { app: _, ...others } = thing.labels;
  const next = {
    ...thing,
    labels: app === null ? others : { ...others, app },
    data: { ...thing.data, k: value },
    finalizers: isFree ? [] : thing.finalizers,
  };
  const metadata = { labels: { app }, ...(isFree && { finalizers: null }) };
  const body = { metadata, data: { k: value } };
  return { id, method: "PATCH", headers: MERGE, body, code: 200, effect: effectOf(thing, next) };
}

function removal(id: Id, thing: Thing): Operation {
  const next = { ...thing, isGoing: true };
  return { id, method: "DELETE", code: 200, effect: effectOf(thing, next) };
}

/** A thing that is going goes once nothing holds it; a write that changes nothing is none. */
function effectOf(thing: Thing, next: Omit<Thing, "revision" | "uid">): Operation["effect"] {
  if (next.isGoing && next.finalizers.length === 0) return { next: undefined };
  return textOf({ ...thing, ...next }) === textOf(thing) ? "none" : { next };
}

function bodyOf(id: Id, { labels, data, finalizers }: Omit<Thing, "revision" | "uid">, more = {}) {
  return { metadata: { name: nameOf(id), labels, finalizers, ...more }, data };
}

function anyLabels(choices: Choices): Record<string, string> {
  return choices.chance(0.2) ? {} : { app: choices.of(APPS) };
}

function anyData(choices: Choices): Record<string, string> {
  return { n: btoa(String(choices.below(4))), k: btoa(String(choices.below(3))) };
}

/** Performs operations on different ids at one time, holds the answers, and tells the reference. */
export async function perform(
  operations: readonly Operation[],
  api: Harness,
  reference: Reference,
): Promise<void> {
  const answers = await Promise.all(operations.map(({ id, method, body, headers }) => {
    const path = method === "POST" ? pathOf(id).slice(0, pathOf(id).lastIndexOf("/")) : pathOf(id);
    return api.call(method, path, body, headers);
  }));
  const known = new Map<number, () => void>();
  const removals: Id[] = [];
  for (const [i, operation] of operations.entries()) {
    const { id, effect } = operation;
    const answer = answers[i] as Answer;
    assert.equal(
      answer.code,
      operation.code,
      `${operation.method} ${id}: ${JSON.stringify(answer.body)}`,
    );
    if (effect === "none") continue;
    if (effect.next === undefined) {
      removals.push(id);
      continue;
    }
    const thing = thingOf(answer.body);
    const uid = reference.get(id)?.uid ?? thing.uid;
    const want = { ...effect.next, uid, revision: thing.revision };
    assert.deepEqual([thing.uid, textOf(thing)], [uid, textOf(want)], `${operation.method} ${id}`);
    known.set(thing.revision, () => reference.apply(id, thing.revision, want));
  }
  applyInOrder(known, removals, reference);
}

/** The answer to a removal does not tell its revision: one of them takes the one that nobody else has. */
function applyInOrder(
  known: ReadonlyMap<number, () => void>,
  removals: readonly Id[],
  reference: Reference,
): void {
  assert.ok(removals.length < 2, "which removal has which revision is not known");
  const last = reference.revision + known.size + removals.length;
  for (let revision = reference.revision + 1; revision <= last; revision += 1) {
    const apply = known.get(revision);
    if (apply !== undefined) apply();
    else reference.apply(removals[0] as Id, revision, undefined);
  }
}

/** Removes what a selector sees, in key order, each at its own revision. */
export function applyCollection(ids: readonly Id[], reference: Reference): void {
  for (const id of ids) {
    const thing = reference.get(id) as Thing;
    const effect = removal(id, thing).effect;
    if (effect === "none") continue;
    const revision = reference.revision + 1;
    const { next } = effect;
    reference.apply(id, revision, next && { ...next, uid: thing.uid, revision });
  }
}
