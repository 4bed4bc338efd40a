import assert from "node:assert/strict";
import { Node, Pod, Service } from "./core_v1.ts";
import type { MessageSchema } from "./schema.ts";
import { strategicMerge } from "./strategic_merge.ts";

const spec = (fields: object) => ({ spec: fields });
const meta = (fields: object) => ({ metadata: fields });
const named = (...names: string[]) => names.map((name) => ({ name }));
const inPod = (fields: object) => spec({ containers: [{ name: "a", ...fields }] });

interface Case {
  readonly name: string;
  readonly schema?: MessageSchema;
  readonly from: unknown;
  readonly patch: unknown;
  readonly want: unknown;
}

// deno-fmt-ignore
const SCALARS_AND_MAPS: Case[] = [
  { name: "a field is set",                       from: spec({}),                                     patch: spec({ hostname: "a" }),                         want: spec({ hostname: "a" }) },
  { name: "null takes a field away",              from: spec({ hostname: "a", subdomain: "b" }),      patch: spec({ hostname: null }),                        want: spec({ subdomain: "b" }) },
  { name: "null for what is not there",           from: spec({}),                                     patch: spec({ hostname: null }),                        want: spec({}) },
  { name: "labels are merged",                    from: meta({ labels: { a: "1", b: "2" } }),         patch: meta({ labels: { b: "3", c: "4", a: null } }),   want: meta({ labels: { b: "3", c: "4" } }) },
  { name: "a map that was not there",             from: meta({}),                                     patch: meta({ labels: { a: "1", b: null } }),           want: meta({ labels: { a: "1" } }) },
  { name: "$patch replace of a map",              from: meta({ labels: { a: "1" } }),                 patch: meta({ labels: { $patch: "replace", b: "2" } }), want: meta({ labels: { b: "2" } }) },
  { name: "$patch delete of a map",               from: meta({ labels: { a: "1" } }),                 patch: meta({ labels: { $patch: "delete" } }),          want: meta({ labels: {} }) },
  { name: "$patch merge of a map",                from: meta({ labels: { a: "1" } }),                 patch: meta({ labels: { $patch: "merge", b: "2" } }),   want: meta({ labels: { a: "1", b: "2" } }) },
  { name: "another type replaces",                from: spec({ hostname: { a: 1 } }),                 patch: spec({ hostname: "a" }),                         want: spec({ hostname: "a" }) },
  { name: "unknown fields merge as free JSON",    from: { x: { a: [1], b: 1 } },                      patch: { x: { a: [2], c: 3 } },                         want: { x: { a: [2], b: 1, c: 3 } } },
  { name: "a field that Object has",              from: {},                                           patch: { toString: { a: 1 } },                          want: { toString: { a: 1 } } },
  { name: "$retainKeys drops the others",         from: spec({ affinity: { nodeAffinity: {}, podAffinity: {} } }), patch: spec({ affinity: { $retainKeys: ["podAntiAffinity"], podAntiAffinity: {} } }), want: spec({ affinity: { podAntiAffinity: {} } }) },
];

// deno-fmt-ignore
const LISTS: Case[] = [
  { name: "items merge by their key",             from: inPod({ image: "1", tty: true }),             patch: inPod({ image: "2" }),                           want: inPod({ image: "2", tty: true }) },
  { name: "a new item comes first",               from: spec({ containers: named("a") }),             patch: spec({ containers: named("b") }),                want: spec({ containers: named("b", "a") }) },
  { name: "items inside items",                   from: inPod({ env: [{ name: "X", value: "1" }] }),  patch: inPod({ env: [{ name: "Y", value: "2" }, { name: "X", value: "3" }] }), want: inPod({ env: [{ name: "Y", value: "2" }, { name: "X", value: "3" }] }) },
  { name: "the key may be a number",              from: inPod({ ports: [{ containerPort: 80 }] }),    patch: inPod({ ports: [{ containerPort: 80, name: "http" }] }), want: inPod({ ports: [{ containerPort: 80, name: "http" }] }) },
  { name: "$patch delete of an item",             from: spec({ containers: named("a", "b") }),        patch: spec({ containers: [{ name: "a", $patch: "delete" }] }), want: spec({ containers: named("b") }) },
  { name: "$patch delete of what is not there",   from: spec({}),                                     patch: spec({ containers: [{ name: "a", $patch: "delete" }] }), want: spec({ containers: [] }) },
  { name: "$patch replace of a list",             from: spec({ containers: named("a", "b") }),        patch: spec({ containers: [{ name: "c" }, { $patch: "replace" }] }), want: spec({ containers: named("c") }) },
  { name: "$patch replace with nothing",          from: spec({ containers: named("a") }),             patch: spec({ containers: [{ $patch: "replace" }] }),   want: spec({ containers: [] }) },
  { name: "$patch replace of one item",           from: inPod({ image: "1", env: named("X") }),       patch: inPod({ resources: { $patch: "replace", limits: { cpu: "1" } } }), want: inPod({ image: "1", env: named("X"), resources: { limits: { cpu: "1" } } }) },
  { name: "an empty list changes nothing",        from: spec({ containers: named("a") }),             patch: spec({ containers: [] }),                        want: spec({ containers: named("a") }) },
  { name: "null takes the whole list",            from: spec({ containers: named("a") }),             patch: spec({ containers: null }),                      want: spec({}) },
  { name: "a list without a key is replaced",     from: spec({ tolerations: [{ key: "a" }] }),        patch: spec({ tolerations: [{ key: "b" }] }),           want: spec({ tolerations: [{ key: "b" }] }) },
  { name: "a list of text is replaced",           from: inPod({ args: ["a"] }),                       patch: inPod({ args: ["b"] }),                          want: inPod({ args: ["b"] }) },
  { name: "finalizers are added",                 from: meta({ finalizers: ["a", "b"] }),             patch: meta({ finalizers: ["c", "a"] }),                want: meta({ finalizers: ["c", "a", "b"] }) },
  { name: "scalars deleted from a list",          from: meta({ finalizers: ["a", "b", "c"] }),        patch: meta({ "$deleteFromPrimitiveList/finalizers": ["a", "x"] }), want: meta({ finalizers: ["b", "c"] }) },
  { name: "deleted and added in one patch",       from: meta({ finalizers: ["a", "b"] }),             patch: meta({ "$deleteFromPrimitiveList/finalizers": ["a"], finalizers: ["c"] }), want: meta({ finalizers: ["c", "b"] }) },
  { name: "scalars deleted from nothing",         from: meta({}),                                     patch: meta({ "$deleteFromPrimitiveList/finalizers": ["a"] }), want: meta({}) },
  { name: "scalars merged", schema: Node,         from: spec({ podCIDRs: ["a"] }),                    patch: spec({ podCIDRs: ["b", "a"] }),                  want: spec({ podCIDRs: ["b", "a"] }) },
  { name: "ports of a service", schema: Service,  from: spec({ ports: [{ port: 80, nodePort: 3 }] }), patch: spec({ ports: [{ port: 80, targetPort: 8080 }] }), want: spec({ ports: [{ port: 80, nodePort: 3, targetPort: 8080 }] }) },
  { name: "the first of equal keys is meant", schema: Service, from: spec({ ports: [{ port: 53, protocol: "UDP" }, { port: 53, protocol: "TCP" }] }), patch: spec({ ports: [{ port: 53, name: "dns" }] }), want: spec({ ports: [{ port: 53, protocol: "UDP", name: "dns" }, { port: 53, protocol: "TCP" }] }) },
  { name: "a union: the old source goes",         from: spec({ volumes: [{ name: "v", emptyDir: {} }] }), patch: spec({ volumes: [{ name: "v", $retainKeys: ["name", "hostPath"], hostPath: { path: "/" } }] }), want: spec({ volumes: [{ name: "v", hostPath: { path: "/" } }] }) },
  { name: "a union: nulls say the same",          from: spec({ volumes: [{ name: "v", emptyDir: {} }] }), patch: spec({ volumes: [{ name: "v", emptyDir: null, hostPath: { path: "/" } }] }), want: spec({ volumes: [{ name: "v", hostPath: { path: "/" } }] }) },
  { name: "a new item loses its directives",      from: spec({}),                                     patch: spec({ volumes: [{ name: "v", $retainKeys: ["name", "emptyDir"], emptyDir: {} }] }), want: spec({ volumes: [{ name: "v", emptyDir: {} }] }) },
];

const order = (...names: string[]) => ({ "$setElementOrder/containers": named(...names) });

// deno-fmt-ignore
const ORDERS: Case[] = [
  { name: "the order alone",                      from: spec({ containers: named("a", "b") }),        patch: spec(order("b", "a")),                           want: spec({ containers: named("b", "a") }) },
  { name: "with a new item first",                from: spec({ containers: named("a", "b") }),        patch: spec({ ...order("c", "a", "b"), containers: named("c") }), want: spec({ containers: named("c", "a", "b") }) },
  { name: "what only the server knows stays put", from: spec({ containers: named("a", "s", "b") }),   patch: spec({ ...order("a", "b"), containers: named("b") }), want: spec({ containers: named("a", "s", "b") }) },
  { name: "the server's item is first",           from: spec({ containers: named("s", "a") }),        patch: spec(order("a")),                                want: spec({ containers: named("s", "a") }) },
  { name: "with an item deleted",                 from: spec({ containers: named("a", "b") }),        patch: spec({ ...order("b"), containers: [{ name: "a", $patch: "delete" }] }), want: spec({ containers: named("b") }) },
  { name: "of scalars",                           from: meta({ finalizers: ["a", "b"] }),             patch: meta({ "$setElementOrder/finalizers": ["c", "b", "a"], finalizers: ["c"] }), want: meta({ finalizers: ["c", "b", "a"] }) },
  { name: "of what is not there",                 from: spec({}),                                     patch: spec(order("a")),                                want: spec({}) },
];

for (
  const { name, schema = Pod, from, patch, want } of [...SCALARS_AND_MAPS, ...LISTS, ...ORDERS]
) {
  Deno.test(`strategicMerge: ${name}`, () => {
    const before = JSON.stringify([from, patch]);
    assert.deepEqual(strategicMerge(schema, from, patch), want);
    assert.equal(JSON.stringify([from, patch]), before, "inputs are not changed");
  });
}

// deno-fmt-ignore
const REFUSED = [
  { name: "a patch that is no object",     patch: [],                                                        want: "a strategic merge patch is an object" },
  { name: "an unknown directive",          patch: meta({ labels: { $patch: "drop" } }),                      want: "unknown patch type: drop in map" },
  { name: "an unknown directive in lists", patch: spec({ containers: [{ name: "a", $patch: "drop" }] }),     want: "unknown patch type: drop in list" },
  { name: "an item without its key",       patch: spec({ containers: [{ image: "a" }] }),                    want: 'map: {"image":"a"} does not contain declared merge key: name' },
  { name: "an item that is no object",     patch: spec({ containers: ["a"] }),                               want: "expected an object with the merge key name in the list" },
  { name: "$retainKeys of another field",  patch: spec({ affinity: { $retainKeys: ["podAffinity"], nodeAffinity: {} } }), want: "patch content doesn't match the retainKeys list: nodeAffinity is not in the list" },
  { name: "$retainKeys without a list",    patch: spec({ $retainKeys: "a" }),                                want: "invalid patch format of retainKeys: a list of field names is expected" },
  { name: "an order without a list",       patch: spec({ "$setElementOrder/containers": "a" }),              want: "invalid patch format of setElementOrder list: containers" },
  { name: "a deletion without a list",     patch: meta({ "$deleteFromPrimitiveList/finalizers": "a" }),      want: "invalid patch format of primitive list: $deleteFromPrimitiveList/finalizers is no list" },
];

for (const { name, patch, want } of REFUSED) {
  Deno.test(`strategicMerge: refuses ${name}`, () => {
    assert.throws(() => strategicMerge(Pod, {}, patch), { reason: "BadRequest", message: want });
  });
}

Deno.test("strategicMerge: what the patch does not touch is shared", () => {
  const from = { metadata: { labels: {} }, spec: { containers: named("a") } };
  const merged = strategicMerge(Pod, from, meta({ name: "web" })) as typeof from;
  assert.equal(merged.spec, from.spec);
});

Deno.test("strategicMerge: nesting without end is refused", () => {
  const deep = JSON.parse('{"a":'.repeat(50_000) + "1" + "}".repeat(50_000));
  assert.throws(() => strategicMerge(Pod, {}, deep), { reason: "BadRequest" });
});

Deno.test("strategicMerge: long lists merge in time", () => {
  const many = (from: number) =>
    Array.from({ length: 20_000 }, (_, i) => ({ name: `n${from + i}` }));
  const merged = strategicMerge(
    Pod,
    spec({ containers: many(0) }),
    spec({ containers: many(10_000) }),
  );
  assert.equal((merged as { spec: { containers: unknown[] } }).spec.containers.length, 30_000);
});
