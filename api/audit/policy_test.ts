import assert from "node:assert/strict";
import type { Attributes } from "../authorization/attributes.ts";
import { type AuditLevel, type AuditRule, levelOf, WRITES_ONLY } from "./policy.ts";
import { readAuditPolicy } from "./read_policy.ts";

const ANNA = { name: "anna", groups: ["team", "system:authenticated"] };

function on(
  verb: string,
  resource: string,
  more: Partial<Attributes["resource"]> = {},
): Attributes {
  const [name = "", subresource = ""] = resource.split("/");
  const whole = {
    group: "",
    resource: name,
    subresource,
    namespace: "default",
    name: "x",
    ...more,
  };
  return { verb, path: "", resource: whole };
}

const METRICS: Attributes = { verb: "get", path: "/metrics" };
const PODS = on("create", "pods");

const CASES: {
  name: string;
  rule: Omit<AuditRule, "level">;
  asks: Attributes;
  matches: boolean;
}[] = [
  { name: "nothing said matches all", rule: {}, asks: PODS, matches: true },
  { name: "and paths", rule: {}, asks: METRICS, matches: true },
  { name: "its user", rule: { users: ["anna"] }, asks: PODS, matches: true },
  { name: "another user", rule: { users: ["bert"] }, asks: PODS, matches: false },
  { name: "a group of hers", rule: { userGroups: ["team"] }, asks: PODS, matches: true },
  { name: "another group", rule: { userGroups: ["other"] }, asks: PODS, matches: false },
  { name: "verb", rule: { verbs: ["create"] }, asks: PODS, matches: true },
  { name: "another verb", rule: { verbs: ["get"] }, asks: PODS, matches: false },
  { name: "namespace", rule: { namespaces: ["default"] }, asks: PODS, matches: true },
  { name: "another namespace", rule: { namespaces: ["x"] }, asks: PODS, matches: false },
  { name: "no path has one", rule: { namespaces: ["default"] }, asks: METRICS, matches: false },
  { name: "group", rule: { resources: [{ group: "" }] }, asks: PODS, matches: true },
  { name: "another group", rule: { resources: [{ group: "apps" }] }, asks: PODS, matches: false },
  {
    name: "a resource is not its subresource",
    rule: { resources: [{ resources: ["pods"] }] },
    asks: on("get", "pods/log"),
    matches: false,
  },
  {
    name: "every subresource",
    rule: { resources: [{ resources: ["pods/*"] }] },
    asks: on("get", "pods/log"),
    matches: true,
  },
  {
    name: "a subresource of everything",
    rule: { resources: [{ resources: ["*/log"] }] },
    asks: on("get", "pods/log"),
    matches: true,
  },
  {
    name: "another name",
    rule: { resources: [{ resources: ["pods"], resourceNames: ["y"] }] },
    asks: PODS,
    matches: false,
  },
  { name: "path", rule: { nonResourceURLs: ["/met*"] }, asks: METRICS, matches: true },
  { name: "another path", rule: { nonResourceURLs: ["/api"] }, asks: METRICS, matches: false },
  { name: "no resource is a path", rule: { nonResourceURLs: ["*"] }, asks: PODS, matches: false },
];
for (const { name, rule, asks, matches } of CASES) {
  Deno.test(`audit policy: ${name}: ${matches ? "matches" : "does not match"}`, () => {
    const level: AuditLevel = levelOf([{ level: "Request", ...rule }], ANNA, asks);
    assert.equal(level, matches ? "Request" : "None");
  });
}

Deno.test("audit policy: the first rule that matches holds; writes are what counts by default", () => {
  assert.equal(levelOf(WRITES_ONLY, ANNA, on("create", "secrets")), "Metadata");
  assert.equal(levelOf(WRITES_ONLY, ANNA, on("get", "secrets")), "None");
  assert.equal(levelOf(WRITES_ONLY, ANNA, on("create", "events")), "None");
  const lease = on("update", "leases", { group: "coordination.k8s.io" });
  assert.equal(levelOf(WRITES_ONLY, ANNA, lease), "None");
});

const WRONG: [unknown, string][] = [
  [undefined, "kind must be Policy"],
  [{ kind: "Policy" }, "rules at least one is needed"],
  [{ kind: "Policy", rules: [7] }, "rules[0] must be an object"],
  [{ kind: "Policy", rules: [{ level: "All" }] }, "rules[0].level must be one of"],
  [{ kind: "Policy", rules: [{ level: "None", verb: [] }] }, "rules[0].verb is not known"],
  [{ kind: "Policy", rules: [{ level: "None", verbs: "get" }] }, "rules[0].verbs must be a list"],
  [
    { kind: "Policy", rules: [{ level: "None", resources: [{ group: 1 }] }] },
    "rules[0].resources[0].group must be text",
  ],
];
for (const [json, why] of WRONG) {
  Deno.test(`audit policy: refuses a file: ${why}`, () => {
    assert.throws(() => readAuditPolicy(json), (error: Error) => error.message.includes(why));
  });
}
