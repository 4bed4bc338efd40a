import assert from "node:assert/strict";
import { type Harness, startApi } from "./harness.ts";

const WIDGETS = "/apis/example.org/v1/namespaces/default/widgets";
const rule = (text: string, more = {}) => ({ rule: text, ...more });

const SPEC = {
  type: "object",
  "x-kubernetes-validations": [
    rule("self.min <= self.max", { message: "min must not be above max", fieldPath: ".min" }),
    rule("!has(self.mode) || self.mode != 'x'", {
      messageExpression: "'mode ' + self.mode + ' is not for ' + string(self.max)",
      reason: "FieldValueForbidden",
    }),
  ],
  properties: {
    min: { type: "integer" },
    max: { type: "integer" },
    mode: { type: "string" },
    fixed: {
      type: "string",
      "x-kubernetes-validations": [rule("self == oldSelf", { message: "fixed is fixed" })],
    },
    namespace: { type: "string" },
    items: {
      type: "array",
      items: {
        type: "object",
        properties: { weight: { type: "number" } },
        "x-kubernetes-validations": [rule("self.weight > 0.5 && self.weight < 10.0")],
      },
    },
  },
};

interface Case {
  readonly name: string;
  readonly spec: Record<string, unknown>;
  /** In the order of Status.details.causes: `field: message`. */
  readonly want: readonly string[];
}

// deno-fmt-ignore
const CASES: readonly Case[] = [
  { name: "all rules hold",               spec: { min: 1, max: 2 }, want: [] },
  { name: "a rule over two fields",       spec: { min: 3, max: 2 }, want: ['spec.min: Invalid value: "object": min must not be above max'] },
  { name: "a message that is computed",   spec: { min: 1, max: 2, mode: "x" }, want: ["spec: Forbidden: mode x is not for 2"] },
  { name: "each item of a list",          spec: { min: 1, max: 2, items: [{ weight: 1 }, { weight: 0.1 }] }, want: ['spec.items[1]: Invalid value: "object": failed rule: self.weight > 0.5 && self.weight < 10.0'] },
  { name: "a field that is not there",    spec: { min: 1 }, want: ['spec: Invalid value: "object": rule evaluation error'] },
  { name: "a new value has no past",      spec: { min: 1, max: 2, fixed: "a" }, want: [] },
];

Deno.test("custom resources: rules are held", async (t) => {
  await using api = await startApi();
  const created = await define(api, SPEC);
  assert.equal(created.code, 201);
  assert.equal(created.headers.get("warning"), null);
  for (const { name, spec, want } of CASES) {
    await t.step(name, async () => {
      const { code, body } = await api.call("POST", `${WIDGETS}?dryRun=All`, widget("a", spec));
      assert.equal(code, want.length === 0 ? 201 : 422, JSON.stringify(body));
      const causes = (body.details?.causes ?? []).map(
        (one: { field: string; message: string }) => `${one.field}: ${one.message}`,
      );
      assert.equal(want.every((text, at) => causes[at]?.startsWith(text)), true, causes.join());
    });
  }
  await t.step("a change that a rule forbids", async () => {
    await api.call("POST", WIDGETS, widget("b", { min: 1, max: 2, fixed: "a" }));
    const patch = (spec: unknown) =>
      api.call("PATCH", `${WIDGETS}/b`, { spec }, {
        "content-type": "application/merge-patch+json",
      });
    assert.equal((await patch({ max: 3 })).code, 200);
    const { code, body } = await patch({ fixed: "b" });
    assert.equal(code, 422);
    assert.equal(body.details.causes[0].message, 'Invalid value: "string": fixed is fixed');
    assert.equal((await patch({ fixed: null })).code, 200);
  });
});

// deno-fmt-ignore
const WRONG: readonly [name: string, rule: string, why: string][] = [
  ["syntax",                          "self.min >",                                  "compilation failed: ERROR: "],
  ["a name that nobody gives",        "self.min > limit",                            "undeclared reference to 'limit'"],
  ["a field that the schema has not", "self.minimum > 1",                            "undefined field 'minimum'"],
  ["the same in a loop",              "self.items.all(i, i.weight > self.nothing)",  "undefined field 'nothing'"],
];

Deno.test("custom resources: rules that can't be evaluated are refused with the definition", async (t) => {
  await using api = await startApi();
  for (const [name, text, why] of WRONG) {
    await t.step(name, async () => {
      const spec = { ...SPEC, "x-kubernetes-validations": [rule("self.min < 9"), rule(text)] };
      const { code, body } = await define(api, spec);
      const [cause] = body.details?.causes ?? [];
      assert.deepEqual([code, cause?.field], [422, FIELD]);
      assert.ok(cause.message.includes(why), cause.message);
    });
  }
  await t.step("variables of loops, types and words in fields are known", async () => {
    const texts = [
      "self.items.all(i, i.weight > 1.0 && type(i) == map)",
      "has(self.__namespace__) || self.min == int('1')",
    ];
    const { code, body } = await define(api, {
      ...SPEC,
      "x-kubernetes-validations": texts.map((text) => rule(text)),
    });
    assert.equal(code, 201, body.message);
  });
  await t.step("a change brings no wrong rule, and leaves what is there", async () => {
    const path = `${DEFINITIONS}/widgets.example.org`;
    const patch = (body: unknown) =>
      api.call("PATCH", path, body, { "content-type": "application/json-patch+json" });
    const at = "/spec/versions/0/schema/openAPIV3Schema/properties/spec/x-kubernetes-validations/-";
    const { code, body } = await patch([{ op: "add", path: at, value: rule("nothing") }]);
    assert.deepEqual([code, body.details.causes.length], [422, 1]);
    assert.equal((await patch([{ op: "add", path: at, value: rule("self.min > -9") }])).code, 200);
  });
});

const FIELD = "spec.versions[0].schema.openAPIV3Schema.properties[spec]" +
  ".x-kubernetes-validations[1].rule";
const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

Deno.test("custom resources: a list that is too long to evaluate is refused", async () => {
  await using api = await startApi();
  await define(api, SPEC);
  const items = Array.from({ length: 12_000 }, () => ({ weight: 1 }));
  const { code, body } = await api.call("POST", WIDGETS, widget("a", { min: 1, max: 2, items }));
  assert.equal(code, 422);
  assert.match(body.message, /too many rules to evaluate/);
});

function define(api: Harness, spec: unknown) {
  return api.call("POST", DEFINITIONS, {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "widgets.example.org" },
    spec: {
      group: "example.org",
      scope: "Namespaced",
      names: { plural: "widgets", singular: "widget", kind: "Widget" },
      versions: [{
        name: "v1",
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: "object", properties: { spec } } },
      }],
    },
  });
}

function widget(name: string, spec: unknown) {
  return { apiVersion: "example.org/v1", kind: "Widget", metadata: { name }, spec };
}
