import assert from "node:assert/strict";
import { Bell } from "./bell.ts";

Deno.test("bell: wakes who waits, and forgets a ring that nobody waits for", async () => {
  const bell = new Bell();
  const { signal } = new AbortController();
  bell.ring();
  let isAwake = false;
  const waiting = bell.rung(signal).then(() => isAwake = true);
  await Promise.resolve();
  assert.equal(isAwake, false);
  bell.ring();
  bell.ring();
  await waiting;
});

Deno.test("bell: the end wakes too, and leaves nothing to be called", async () => {
  const bell = new Bell();
  const end = new AbortController();
  const waiting = bell.rung(end.signal);
  end.abort();
  await waiting;
  await bell.rung(end.signal);
  bell.ring();
});

Deno.test("bell: a signal keeps nothing of those who were woken", async () => {
  const bell = new Bell();
  const { signal } = new AbortController();
  let heard = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    heard += 1;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    heard -= 1;
    removeEventListener.apply(signal, args);
  };
  for (let round = 0; round < 3; round += 1) {
    const waiting = bell.rung(signal);
    bell.ring();
    await waiting;
  }
  assert.equal(heard, 0);
});
