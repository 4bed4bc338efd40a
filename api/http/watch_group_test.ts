import assert from "node:assert/strict";
import type { Clock } from "../types/ambient.ts";
import type { StoreEvent } from "../../store/store.ts";
import { configMaps } from "../registry/configmaps.ts";
import { selectionOf } from "../registry/selection.ts";
import { SharedEvent } from "./event_bytes.ts";
import { renderingOf } from "./rendering.ts";
import { WatchGroup } from "./watch_group.ts";
import { Watcher } from "./watcher.ts";

function newGroup(labels = "") {
  const timers: (() => void)[] = [];
  const waits: number[] = [];
  const clock: Clock = {
    now: () => 0,
    sleep: () => Promise.resolve(),
    after(ms, callback) {
      timers.push(callback);
      waits.push(ms);
      return () => {};
    },
  };
  const rendering = renderingOf(configMaps, "json", "Metadata", () => "");
  const group = new WatchGroup(selectionOf(configMaps, labels, ""), rendering, clock);
  const writes: string[] = [];
  const watcher = new Watcher(() => {});
  watcher.start({
    write(chunk) {
      const lines = new TextDecoder().decode(chunk).trim().split("\n");
      const said = lines.map((line) => JSON.parse(line)).map(({ type, object }) =>
        `${type} ${object.metadata.resourceVersion}`
      );
      writes.push(said.join(", "));
      return true;
    },
    end() {},
    abort() {},
  });
  watcher.begin([].values());
  group.watchers.add(watcher);
  const tick = () => timers.shift()?.();
  return { group, writes, tick, timers, waits };
}

/** A change of one object; labels of undefined mean that it was not there. */
function event(revision: number, before: string | undefined, after: string | undefined) {
  const version = (app: string | undefined, revision: number) => {
    if (app === undefined) return undefined;
    const metadata = { name: "a", resourceVersion: String(revision), labels: { app } };
    const object = { apiVersion: "v1", kind: "ConfigMap", metadata };
    const bytes = new TextEncoder().encode(JSON.stringify(object));
    return { key: "configmaps/default/a", revision, object, bytes };
  };
  const previous = version(before, revision - 1);
  const current = version(after ?? before, revision)!;
  const type = after === undefined ? "DELETE" : "PUT";
  return new SharedEvent(
    { type, key: current.key, revision, at: 0, current, previous } as StoreEvent,
  );
}

Deno.test("watch group: the first event goes out at once, a burst after it in one write", () => {
  const { group, writes, tick, timers } = newGroup();
  group.take(event(1, undefined, "x"));
  group.settle();
  assert.deepEqual(writes, ["ADDED 1"]);
  for (const revision of [2, 3, 4]) {
    group.take(event(revision, "x", "x"));
    group.settle();
  }
  assert.deepEqual(writes, ["ADDED 1"]);
  tick();
  assert.deepEqual(writes, ["ADDED 1", "MODIFIED 2, MODIFIED 3, MODIFIED 4"]);
  tick();
  assert.equal(timers.length, 0, "a quiet group sets no timers");
});

// deno-fmt-ignore
const WAITS: readonly [watchers: number, ms: number][] = [[1, 1], [250, 10], [1_000, 40], [20_000, 200]];

for (const [watchers, ms] of WAITS) {
  Deno.test(`watch group: gathers for ${ms} ms when ${watchers} watch`, () => {
    const { group, waits } = newGroup();
    while (group.watchers.size < watchers) group.watchers.add(new Watcher(() => {}));
    group.take(event(1, undefined, "x"));
    group.settle();
    assert.deepEqual(waits, [ms]);
  });
}

Deno.test("watch group: gathers for longer while something comes, and after a pause as at first", () => {
  const { group, writes, tick, waits } = newGroup();
  const comes = (revision: number) => {
    group.take(event(revision, "x", "x"));
    group.settle();
  };
  for (let revision = 1; revision <= 7; revision += 1) {
    comes(revision);
    if (revision > 1) tick();
  }
  assert.deepEqual(waits, [1, 2, 4, 8, 10, 10, 10]);
  tick();
  comes(8);
  assert.equal(writes.length, 8);
  assert.equal(waits.at(-1), 1);
});

const CASES: readonly [
  name: string,
  before: string | undefined,
  after: string | undefined,
  want: string[],
][] = [
  ["made inside", undefined, "x", ["ADDED 7"]],
  ["made outside", undefined, "y", []],
  ["changed inside", "x", "x", ["MODIFIED 7"]],
  ["coming in", "y", "x", ["ADDED 7"]],
  ["going out", "x", "y", ["DELETED 7"]],
  ["changed outside", "y", "z", []],
  ["deleted inside", "x", undefined, ["DELETED 7"]],
  ["deleted outside", "y", undefined, []],
];
for (const [name, before, after, want] of CASES) {
  Deno.test(`watch group: an object ${name} of the selection`, () => {
    const { group, writes } = newGroup("app=x");
    group.take(event(7, before, after));
    group.settle();
    assert.deepEqual(writes, want);
  });
}

Deno.test("shared event: a line is made once for all who read it", () => {
  const rendering = renderingOf(configMaps, "json", "Metadata", () => "");
  const shared = event(1, undefined, "x");
  assert.equal(shared.line("ADDED", rendering), shared.line("ADDED", rendering));
});
