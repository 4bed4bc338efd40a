import assert from "node:assert/strict";
import type { JsonObject } from "../../types/json.ts";
import type { KubeObject } from "../../types/meta.ts";
import { hasReason, StatusError } from "../../types/status.ts";
import { CASES } from "./apply_cases_contract.ts";
import { HEAD, ownersOf, specOf, step, taken, Thing } from "./apply_world_contract.ts";
import { readConfig } from "./config.ts";

for (const { name, steps, spec, owners, conflict } of CASES) {
  Deno.test(`apply: ${name}`, () => {
    const before = steps.slice(0, conflict === undefined ? steps.length : -1);
    const live = before.reduce<KubeObject | undefined>(taken, undefined)!;
    if (conflict !== undefined) {
      const refused = (error: unknown) =>
        hasReason(error, "Conflict") && (error as Error).message === conflict;
      return void assert.throws(() => taken(live, steps.at(-1)!, 9), refused);
    }
    if (spec !== undefined) assert.deepEqual(specOf(live), spec);
    if (owners !== undefined) assert.deepEqual(ownersOf(live), owners);
  });
}

const REFUSED: readonly { name: string; json: JsonObject; why: RegExp }[] = [
  { name: "no version", json: { kind: "Thing" }, why: /Incorrect version specified/ },
  {
    name: "another version",
    json: { apiVersion: "v2", kind: "Thing" },
    why: /Specified patch version: v2, expected: example.io\/v1/,
  },
  { name: "another kind", json: { ...HEAD, kind: "Other" }, why: /invalid object type/ },
  {
    name: "managed fields",
    json: { ...HEAD, metadata: { managedFields: [] } },
    why: /metadata.managedFields must be nil/,
  },
  {
    name: "an unknown field",
    json: { ...HEAD, spec: { foo: 1 } },
    why: /\(default\/it; example.io\/v1, Kind=Thing\): \.spec\.foo: field not declared in schema/,
  },
  { name: "a wrong type", json: { ...HEAD, spec: { replicas: "x" } }, why: /spec\.replicas/ },
  {
    name: "an item that comes twice",
    json: { ...HEAD, spec: { steps: [step("x"), step("x")] } },
    why: /\.spec\.steps: duplicate entries for key \[name="x"\]/,
  },
  {
    name: "an item without its key",
    json: { ...HEAD, spec: { steps: [{ image: "i" }] } },
    why: /omits all key fields \["name"\]/,
  },
  {
    name: "an item of a set that comes twice",
    json: { ...HEAD, spec: { tags: ["x", "x"] } },
    why: /duplicate entries for key \[="x"\]/,
  },
];

for (const { name, json, why } of REFUSED) {
  Deno.test(`apply: refuses ${name}`, () => {
    const subject = { ...HEAD, namespace: "default", name: "it" };
    assert.throws(() => readConfig(Thing, json, subject), (error: unknown) => {
      assert.ok(error instanceof StatusError && error.reason === "BadRequest");
      return why.test(error.message);
    });
  });
}
