import assert from "node:assert/strict";
import { atoms, compacted, type Rule, ruleText, uncovered } from "./rules.ts";

const PODS: Rule = { apiGroups: [""], resources: ["pods"], verbs: ["get", "list"] };
const rule = (group: string, resource: string, ...verbs: string[]): Rule => ({
  apiGroups: [group],
  resources: [resource],
  verbs,
});

const COVERS: { name: string; held: Rule[]; wanted: Rule; missing: string[] }[] = [
  { name: "the same", held: [PODS], wanted: PODS, missing: [] },
  { name: "less", held: [PODS], wanted: rule("", "pods", "get"), missing: [] },
  {
    name: "more verbs",
    held: [PODS],
    wanted: rule("", "pods", "get", "delete", "watch"),
    missing: ['{APIGroups:[""], Resources:["pods"], Verbs:["delete" "watch"]}'],
  },
  {
    name: "all verbs are more than each that there is",
    held: [PODS],
    wanted: rule("", "pods", "*"),
    missing: ['{APIGroups:[""], Resources:["pods"], Verbs:["*"]}'],
  },
  { name: "stars cover", held: [rule("*", "*", "*")], wanted: PODS, missing: [] },
  {
    name: "two rules together",
    held: [rule("", "pods", "get"), rule("", "pods", "list")],
    wanted: PODS,
    missing: [],
  },
  {
    name: "a subresource is not its resource",
    held: [PODS],
    wanted: rule("", "pods/log", "get"),
    missing: ['{APIGroups:[""], Resources:["pods/log"], Verbs:["get"]}'],
  },
  {
    name: "a subresource of everything",
    held: [rule("", "*/log", "get")],
    wanted: rule("", "pods/log", "get"),
    missing: [],
  },
  {
    name: "a name is less than all",
    held: [{ ...PODS, resourceNames: ["a"] }],
    wanted: PODS,
    missing: ['{APIGroups:[""], Resources:["pods"], Verbs:["get" "list"]}'],
  },
  {
    name: "a name of several",
    held: [{ ...PODS, resourceNames: ["a", "b"] }],
    wanted: { ...PODS, resourceNames: ["b"] },
    missing: [],
  },
  {
    name: "another name",
    held: [{ ...PODS, resourceNames: ["a"] }],
    wanted: { ...PODS, verbs: ["get"], resourceNames: ["b"] },
    missing: ['{APIGroups:[""], Resources:["pods"], ResourceNames:["b"], Verbs:["get"]}'],
  },
  {
    name: "a path below",
    held: [{ nonResourceURLs: ["/api/*"], verbs: ["get"] }],
    wanted: { nonResourceURLs: ["/api/v1", "/api/v1/*"], verbs: ["get"] },
    missing: [],
  },
  {
    name: "a path above",
    held: [{ nonResourceURLs: ["/api/*"], verbs: ["get"] }],
    wanted: { nonResourceURLs: ["/*"], verbs: ["get"] },
    missing: ['{NonResourceURLs:["/*"], Verbs:["get"]}'],
  },
];
for (const { name, held, wanted, missing } of COVERS) {
  Deno.test(`rules: what is not covered: ${name}`, () => {
    assert.deepEqual(uncovered(held, [wanted]).map(ruleText), missing);
  });
}

Deno.test("rules: taken apart and put together again they are the same", () => {
  const whole: Rule = { ...PODS, resourceNames: ["a"] };
  assert.equal(atoms({ ...PODS, apiGroups: ["", "x"], resources: ["a", "b"] }).length, 8);
  assert.deepEqual(compacted(atoms(whole)), [whole]);
});
