import assert from "node:assert/strict";
import { KINDS } from "./kinds.ts";
import { refusals } from "./kinds_fixture.ts";

const SUBDOMAIN = ["web", "web-1", "1web", "a.b-c.d", "a".repeat(253)];
const NO_SUBDOMAIN = ["", "Web", "a_b", "-a", "a-", "a..b", "a b", "a/b", "é", "a".repeat(254)];

/** Names that each kind takes and refuses. What a kind does not say is a DNS subdomain. */
const NAMES: Readonly<Record<string, { good: readonly string[]; bad: readonly string[] }>> = {
  pods: { good: SUBDOMAIN, bad: NO_SUBDOMAIN },
  replicationcontrollers: { good: SUBDOMAIN, bad: NO_SUBDOMAIN },
  nodes: { good: SUBDOMAIN, bad: NO_SUBDOMAIN },
  endpoints: { good: SUBDOMAIN, bad: NO_SUBDOMAIN },
  services: {
    good: ["web", "web-1", "a".repeat(63)],
    bad: [...NO_SUBDOMAIN, "1web", "a.b", "a".repeat(64)],
  },
  namespaces: {
    good: ["web", "1web", "a".repeat(63)],
    bad: [...NO_SUBDOMAIN, "a.b", "a".repeat(64)],
  },
};
for (const [resource, { good, bad }] of Object.entries(NAMES)) {
  const kind = KINDS.find((one) => one.resource.resource === resource)!;
  const isNameRefused = (name: string) =>
    refusals(kind, { metadata: { name } }).some((why) => why.startsWith("metadata.name: "));
  Deno.test(`row 17: good and bad names of ${resource}`, () => {
    assert.deepEqual(good.filter(isNameRefused), []);
    assert.deepEqual(bad.filter((name) => !isNameRefused(name)), []);
  });
}

Deno.test("kinds: every one is listed once, under every name by which it is asked for", () => {
  const own = KINDS.filter((kind) => kind.storedThrough === undefined && !kind.isMeasured);
  const names = own.flatMap((
    { resource, singular, shortNames = [], aliases = [] },
  ) => [...new Set([resource.resource, singular, ...shortNames, ...aliases])]);
  assert.equal(new Set(names).size, names.length);
});

Deno.test("kinds: get all shows pods, services and what makes pods", () => {
  const all = KINDS.filter(({ categories }) => categories?.includes("all"));
  assert.deepEqual(all.map(({ resource }) => resource.resource), [
    "pods",
    "replicationcontrollers",
    "services",
    "daemonsets",
    "deployments",
    "replicasets",
    "statefulsets",
    "horizontalpodautoscalers",
    "horizontalpodautoscalers",
    "cronjobs",
    "jobs",
  ]);
});
