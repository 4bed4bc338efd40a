import assert from "node:assert/strict";
import { FakeClock } from "../client/fake_clock.ts";
import { type EndTurn, StartTurns } from "./start_turns.ts";

const never = new AbortController().signal;

/** Takes a turn for each name and notes who has begun. */
function line(turns: StartTurns) {
  const begun: string[] = [];
  const ends = new Map<string, EndTurn>();
  return {
    begun,
    enter: async (name: string, signal = never) => {
      const end = await turns.take(signal);
      begun.push(end === undefined ? `not ${name}` : name);
      if (end !== undefined) ends.set(name, end);
    },
    leave: async (name: string) => {
      ends.get(name)?.();
      await settled();
    },
  };
}

const settled = () => new Promise((resolve) => setTimeout(resolve));

Deno.test("start turns: begin in order, so many at a time", async () => {
  const { begun, enter, leave } = line(new StartTurns(new FakeClock(), 2));
  for (const name of ["a", "b", "c", "d"]) void enter(name);
  await settled();
  assert.deepEqual(begun, ["a", "b"]);
  await leave("b");
  await leave("b");
  assert.deepEqual(begun, ["a", "b", "c"]);
  await leave("a");
  await leave("c");
  await leave("d");
  void enter("e");
  void enter("f");
  await settled();
  assert.deepEqual(begun, ["a", "b", "c", "d", "e", "f"]);
});

Deno.test("start turns: who gives up leaves the line", async () => {
  const { begun, enter, leave } = line(new StartTurns(new FakeClock(), 1));
  const quit = new AbortController();
  void enter("a");
  void enter("b", quit.signal);
  void enter("c");
  quit.abort();
  await settled();
  assert.deepEqual(begun, ["a", "not b"]);
  void enter("d", quit.signal);
  await leave("a");
  assert.deepEqual(begun, ["a", "not b", "not d", "c"]);
});

Deno.test("start turns: a start that hangs holds up the others for a bounded time", async () => {
  const clock = new FakeClock();
  const { begun, enter, leave } = line(new StartTurns(clock, 1));
  void enter("hangs");
  void enter("b");
  void enter("c");
  await settled();
  await clock.advance(10_000);
  await settled();
  assert.deepEqual(begun, ["hangs", "b"]);
  await leave("hangs");
  assert.deepEqual(begun, ["hangs", "b"], "its turn was given away before");
});
