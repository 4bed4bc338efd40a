import assert from "node:assert/strict";
import { GARBAGE_DEFAULTS, planGarbage } from "./garbage.ts";
import { containerAt, deadAt, T0 } from "./pod_fixtures.ts";

const NOW = T0 + 3_600_000;
const LIVE = new Set(["u1"]);
const FIVE = { ...GARBAGE_DEFAULTS, perContainerMax: 4, max: 100 };

Deno.test("planGarbage: of 300 dead containers of a pod the newest five of each name stay", () => {
  const dead = ["a", "b", "c"].flatMap((name) => deaths(name, 100));
  const gone = new Set(planGarbage(dead, LIVE, NOW, FIVE));
  const left = dead.filter(({ id }) => !gone.has(id));
  assert.equal(left.length, 3 * 5);
  assert.ok(left.every(({ attempt }) => attempt >= 100 - 5));
});

Deno.test("planGarbage: in all a hundred stay, of each container the newest longest", () => {
  const names = Array.from({ length: 60 }, (_, i) => `c${i}`);
  const dead = names.flatMap((name) => deaths(name, 3));
  const gone = new Set(planGarbage(dead, LIVE, NOW, FIVE));
  const left = dead.filter(({ id }) => !gone.has(id));
  assert.equal(left.length, 100);
  for (const name of names) {
    assert.ok(
      left.some((one) => one.name === name && one.attempt === 2),
      `${name} lost its newest`,
    );
  }
});

Deno.test("planGarbage: what belongs to no pod goes first, and all of it", () => {
  const orphan = deadAt(0, { pod: { uid: "gone", namespace: "default", name: "x" } });
  assert.deepEqual(planGarbage([orphan, ...deaths("a", 3)], LIVE, NOW), [orphan.id, "a-0"]);
});

Deno.test("planGarbage: the first minute is everyone's, and what runs stays", () => {
  const fresh = deaths("a", 9).map((one) => ({
    ...one,
    finishedAt: NOW - GARBAGE_DEFAULTS.minAgeMs + 1,
  }));
  assert.deepEqual(planGarbage([...fresh, containerAt()], LIVE, NOW), []);
});

Deno.test("planGarbage: without a bound for all of them each container keeps its own", () => {
  const dead = Array.from({ length: 300 }, (_, i) => deaths(`c${i}`, 2)).flat();
  assert.deepEqual(planGarbage(dead, LIVE, NOW), []);
});

function deaths(name: string, count: number) {
  return Array.from(
    { length: count },
    (_, attempt) => deadAt(1, { name, attempt, finishedAt: T0 + attempt * 1000 }),
  );
}
