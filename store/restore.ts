import assert from "node:assert/strict";
import type { Change, Key, Loaded, Record } from "./ledger.ts";
import type { StoreEvent, Versioned } from "./store.ts";
import { LastState, replacedBy, Version } from "./version.ts";

/** What a ledger holds, as a store holds it. */
export async function restore(
  loaded: Loaded,
): Promise<{ present: Version[]; events: StoreEvent[] }> {
  const present = await versionsOf(loaded);
  const events = await eventsOf(loaded, present);
  return { present: [...present.values()], events };
}

async function versionsOf(loaded: Loaded): Promise<Map<Key, Version>> {
  const versions = new Map<Key, Version>();
  for await (const group of loaded.present) {
    for (const { key, revision, bytes } of group) {
      versions.set(key, new Version(key, revision, bytes));
    }
  }
  return versions;
}

/** Walks back from the present: each change tells what it replaced, which is what the change before it made. */
async function eventsOf(
  { head, compacted, history }: Loaded,
  present: ReadonlyMap<Key, Version>,
): Promise<StoreEvent[]> {
  const changes: Change[] = [];
  for await (const group of history) {
    for (const change of group) changes.push(change);
  }
  assert.equal(changes.length, head - compacted, "the ledger's history has gaps");
  const standing = new Map<Key, Version | undefined>();
  const events: StoreEvent[] = [];
  for (const { key, revision, at, replaced } of changes.reverse()) {
    const made = standing.has(key) ? standing.get(key) : present.get(key);
    const previous = replaced && new Version(key, replaced.revision, replaced.bytes);
    standing.set(key, previous);
    events.push(eventOf({ key, revision, at }, made, previous));
  }
  return events.reverse();
}

/** @param made what the change wrote, undefined where it deleted */
export function eventOf(
  { key, revision, at }: Pick<Change, "key" | "revision" | "at">,
  made: Versioned | undefined,
  previous: Versioned | undefined,
): StoreEvent {
  if (made !== undefined) {
    assert.equal(made.revision, revision, `the ledger's history of ${key} is broken`);
    return { type: "PUT", key, revision, at, current: made, previous };
  }
  assert.ok(previous, `the ledger deletes ${key}, which is not there`);
  return {
    type: "DELETE",
    key,
    revision,
    at,
    current: new LastState(revision, previous),
    previous,
  };
}

/** The event as a ledger keeps it. */
export function recordOf({ type, key, revision, at, current, previous }: StoreEvent): Record {
  const bytes = type === "PUT" ? current.bytes : undefined;
  return { key, revision, at, bytes, replaced: replacedBy(previous) };
}
