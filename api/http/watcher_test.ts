import assert from "node:assert/strict";
import type { Sink } from "./exchange.ts";
import { WATCH_BACKLOG_BYTES_MAX, Watcher } from "./watcher.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

/** A client that takes `room` writes before it is behind. */
function clientWith(room: number) {
  const got: string[] = [];
  let ending = "";
  const sink: Sink = {
    write(chunk) {
      got.push(new TextDecoder().decode(chunk));
      return got.length < room;
    },
    end: () => ending = "end",
    abort: () => ending = "abort",
  };
  return { sink, got, ending: () => ending };
}

function started(room: number) {
  const client = clientWith(room);
  const watcher = new Watcher(() => {});
  let leaves = 0;
  watcher.onLeave = () => leaves += 1;
  watcher.start(client.sink);
  return { ...client, watcher, leaves: () => leaves };
}

Deno.test("watcher: what comes before the beginning waits behind it", () => {
  const { watcher, got } = started(9);
  watcher.push(bytes("live"));
  assert.deepEqual(got, []);
  watcher.begin([bytes("a"), bytes("b")].values());
  watcher.push(bytes("more"));
  assert.deepEqual(got, ["a", "b", "live", "more"]);
});

Deno.test("watcher: a client that is behind gets the rest when it has caught up", () => {
  const { watcher, got } = started(2);
  watcher.begin([bytes("a"), bytes("b"), bytes("c")].values());
  watcher.push(bytes("live"));
  assert.deepEqual(got, ["a", "b"]);
  watcher.resume();
  assert.deepEqual(got, ["a", "b", "c"]);
  watcher.resume();
  assert.deepEqual(got, ["a", "b", "c", "live"]);
});

Deno.test("watcher: a client that stays behind is cut off", () => {
  const { watcher, ending, leaves } = started(1);
  watcher.begin([bytes("a")].values());
  const part = new Uint8Array(WATCH_BACKLOG_BYTES_MAX / 4);
  for (let i = 0; i < 4; i += 1) watcher.push(part);
  assert.equal(ending(), "");
  watcher.push(bytes("one too many"));
  assert.deepEqual([ending(), leaves()], ["abort", 1]);
  watcher.push(part);
  watcher.cancel();
  assert.equal(leaves(), 1);
});

Deno.test("watcher: a finished watch ends after what waits", () => {
  const { watcher, got, ending, leaves } = started(1);
  watcher.begin([bytes("a"), bytes("b")].values());
  watcher.finish();
  watcher.push(bytes("too late"));
  assert.deepEqual([got, ending()], [["a"], ""]);
  watcher.resume();
  watcher.resume();
  assert.deepEqual([got, ending(), leaves()], [["a", "b"], "end", 1]);
});
