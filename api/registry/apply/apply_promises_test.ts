import assert from "node:assert/strict";
import type { JsonObject } from "../../types/json.ts";
import type { KubeObject } from "../../types/meta.ts";
import { hasReason } from "../../types/status.ts";
import { ownersOf, specOf, step, taken, type Verb } from "./apply_world_contract.ts";
import { pathsOf } from "./field_set.ts";
import type { Managed } from "./managers.ts";
import { pathText } from "./path_element.ts";

Deno.test("apply: any sequence of writes keeps the promises", () => {
  for (let seed = 1; seed <= 150; seed += 1) holdsPromises(seed);
});

/** A failure names the seed. */
function holdsPromises(seed: number): void {
  const random = randomFrom(seed);
  let live: KubeObject | undefined;
  for (let turn = 0; turn < 8; turn += 1) {
    const verb = (["applies", "forces", "updates"] as const)[random(3)]!;
    const act = ["a", "b", "c"][random(3)]!;
    const spec = specFrom(random);
    const before = structuredClone(live);
    const next = tried(live, [act, verb, spec]);
    assert.deepEqual(live, before, `seed ${seed}: the live object has changed`);
    if (next === undefined) continue;
    const { fieldsV1 = {} } = entryFor(next, act, verb) ?? {};
    const isHeldByNobody = next.metadata.managedFields?.length === 0;
    if (verb !== "updates" && !isHeldByNobody) {
      const fields = new Set([...pathsOf(fieldsV1)].map(pathText));
      for (const path of Object.keys(spec)) {
        const isHeld = [...fields].some((field) => field.startsWith(`.spec.${path}`));
        const isBare = Array.isArray(spec[path]) && (spec[path] as unknown[]).length === 0;
        assert.ok(isHeld || isBare, `seed ${seed}: ${act} does not hold ${path}`);
      }
      const again = tried(next, [act, verb, spec]);
      assert.deepEqual(specOf(again!), specOf(next), `seed ${seed}: a second time changes it`);
      assert.deepEqual(ownersOf(again!), ownersOf(next), `seed ${seed}: a second time`);
    }
    live = next;
  }
}

/** @returns undefined on a conflict, which an apply alone may meet */
function tried(
  live: KubeObject | undefined,
  turn: readonly [string, Verb, JsonObject],
): KubeObject | undefined {
  try {
    return taken(live, turn, 1);
  } catch (error) {
    if (hasReason(error, "Conflict") && turn[1] === "applies") return undefined;
    throw error;
  }
}

function entryFor({ metadata }: KubeObject, manager: string, verb: Verb): Managed | undefined {
  const operation = verb === "updates" ? "Update" : "Apply";
  const entries = metadata.managedFields as Managed[];
  return entries.find((entry) => entry.manager === manager && entry.operation === operation);
}

function specFrom(random: (below: number) => number): JsonObject {
  const some = (names: readonly string[]) => names.filter(() => random(2) === 0);
  const all: JsonObject = {
    replicas: random(3),
    limits: Object.fromEntries(some(["cpu", "memory"]).map((name) => [name, `${random(2)}`])),
    labels: Object.fromEntries(some(["x", "y", "z"]).map((name) => [name, `${random(2)}`])),
    selector: { k: `${random(2)}` },
    args: some(["p", "q"]),
    tags: some(["r", "s", "t"]),
    steps: some(["one", "two", "three"]).map((name) => step(name, { image: `${random(2)}` })),
    ports: some(["TCP", "UDP"]).map((protocol) => ({ port: 80, protocol })),
    free: { deep: { n: random(2), list: [random(2)] } },
  };
  return Object.fromEntries(some(Object.keys(all)).map((name) => [name, all[name]]));
}

/** A linear congruential generator: the same seed, the same run. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed * 2_654_435_761 >>> 0;
  return (below) => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0;
    return Math.floor(state / 2 ** 32 * below);
  };
}
