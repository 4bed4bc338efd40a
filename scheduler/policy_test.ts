import assert from "node:assert/strict";
import { StatusError } from "../api/types/status.ts";
import { infoOf, nodeWith, worldOf } from "./fake_world.ts";
import { DEFAULT_POLICY, describePolicy } from "./policy.ts";
import { parsePolicy } from "./policy_file.ts";
import { schedule } from "./schedule.ts";

Deno.test("rows 36 and 43: the default policy names exactly these", () => {
  const { predicates, priorities } = describePolicy(DEFAULT_POLICY);
  assert.deepEqual(predicates.map(({ name }) => name), [
    "PodFitsPorts",
    "PodFitsResources",
    "NoDiskConflict",
    "MatchNodeSelector",
    "HostName",
    "CheckVolumeBinding",
    "EvenPodsSpread",
    "MatchInterPodAffinity",
  ]);
  assert.deepEqual(priorities, [
    { name: "LeastRequestedPriority", weight: 1 },
    { name: "ServiceSpreadingPriority", weight: 1 },
    { name: "BalancedResourceAllocation", weight: 1 },
    { name: "NodeAffinityPriority", weight: 2 },
    { name: "TaintTolerationPriority", weight: 3 },
    { name: "ImageLocalityPriority", weight: 1 },
    { name: "EvenPodsSpreadPriority", weight: 2 },
    { name: "InterPodAffinityPriority", weight: 2 },
  ]);
});

Deno.test("policy: what the default describes is read back as itself", () => {
  const text = JSON.stringify(describePolicy(DEFAULT_POLICY));
  assert.deepEqual(parsePolicy(text), DEFAULT_POLICY);
});

Deno.test("row 49: a list of a policy file replaces the default, a missing list keeps it", () => {
  const { predicates, priorities } = parsePolicy('{"kind":"Policy","predicates":[]}');
  assert.deepEqual(predicates, []);
  assert.deepEqual(priorities, DEFAULT_POLICY.priorities);
});

Deno.test("row 42: label presence of a policy file keeps pods off nodes", () => {
  const policy = parsePolicy(JSON.stringify({
    kind: "Policy",
    predicates: [{
      name: "NotRetiring",
      argument: { labelsPresence: { labels: ["retiring"], presence: false } },
    }],
  }));
  const world = worldOf([nodeWith("a", { labels: { retiring: "" } }), nodeWith("b")]);
  const decision = schedule(infoOf("p"), world, policy, () => 0);
  assert.equal(decision.fits && decision.nodeName, "b");
});

Deno.test("policy: affinity, preference and weights are read", () => {
  const policy = parsePolicy(JSON.stringify({
    predicates: [{ name: "Zone", argument: { serviceAffinity: { labels: ["zone"] } } }],
    priorities: [
      { name: "EqualPriority", weight: 0 },
      { name: "Rack", weight: 2, argument: { serviceAntiAffinity: { label: "rack" } } },
      { name: "Ssd", weight: 3, argument: { labelPreference: { label: "ssd", presence: true } } },
    ],
  }));
  assert.deepEqual(policy.priorities.map(({ name, weight }) => `${name} ${weight}`), [
    "EqualPriority 0",
    "Rack 2",
    "Ssd 3",
  ]);
  const world = worldOf([nodeWith("a"), nodeWith("b", { labels: { ssd: "" } })]);
  const decision = schedule(infoOf("p"), world, policy, () => 0);
  assert.deepEqual(decision, { fits: true, nodeName: "b", score: 30 });
});

// deno-fmt-ignore
const BAD = [
  { name: "no JSON",              text: "{",                                                              fields: [] },
  { name: "no object",            text: "[]",                                                             fields: [] },
  { name: "another kind",         text: '{"kind":"Pod"}',                                                 fields: ["kind"] },
  { name: "a typo",               text: '{"predicates":[{"name":"PodFitPorts"}]}',                        fields: ["predicates[0].name"] },
  { name: "a name of Object",     text: '{"priorities":[{"name":"toString","weight":1}]}',                fields: ["priorities[0].name"] },
  { name: "no name",              text: '{"priorities":[{"weight":1,"argument":{"labelPreference":{"label":"a"}}}]}', fields: ["priorities[0].name"] },
  { name: "a bad weight",         text: '{"priorities":[{"name":"EqualPriority","weight":-1}]}',          fields: ["priorities[0].weight"] },
  { name: "no list",              text: '{"predicates":{}}',                                              fields: ["predicates"] },
  { name: "an unknown argument",  text: '{"predicates":[{"name":"X","argument":{"a":1}}]}',               fields: ["predicates[0].argument"] },
  { name: "no labels",            text: '{"predicates":[{"name":"X","argument":{"labelsPresence":{}}}]}', fields: ["predicates[0].argument.labelsPresence.labels"] },
  { name: "every error at once",  text: '{"predicates":[{"name":"A"},{"name":"B"}]}',                     fields: ["predicates[0].name", "predicates[1].name"] },
];

for (const { name, text, fields } of BAD) {
  Deno.test(`row 49: of a policy file ${name} is refused`, () => {
    assert.throws(() => parsePolicy(text), (error) => {
      assert.ok(error instanceof StatusError);
      assert.deepEqual(error.causes.map(({ field }) => field), fields);
      return error.reason === "Invalid";
    });
  });
}
