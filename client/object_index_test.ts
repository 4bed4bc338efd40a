import assert from "node:assert/strict";
import type { KubeObject } from "../api/types/meta.ts";
import { ObjectIndex } from "./object_index.ts";

Deno.test("object index: agrees with a sorted map, whoever reads in between", () => {
  const index = new ObjectIndex<KubeObject>();
  const model = new Map<string, KubeObject>();
  let seed = 7;
  const random = (below: number) => (seed = (seed * 48271) % 2147483647) % below;
  for (let step = 0; step < 20_000; step += 1) {
    const object = objectOf(`ns-${random(3)}`, `pod-${random(60)}`, String(step));
    const key = keyOf(object);
    if (random(3) > 0) {
      index.put(object);
      model.set(key, object);
    } else {
      index.remove(object);
      model.delete(key);
    }
    if (random(5) > 0) continue;
    const want = [...model.keys()].sort().map((key) => model.get(key));
    assert.deepEqual(index.list(), want);
    const inOne = want.filter((object) => object?.metadata.namespace === "ns-1");
    assert.deepEqual(index.list("ns-1"), inOne);
  }
});

Deno.test("object index: finds objects by a label as it is now, whoever asked before", () => {
  const index = new ObjectIndex<KubeObject>();
  const named = (name: string, app: string | undefined, namespace = "ns"): KubeObject => {
    const object = objectOf(namespace, name, "1");
    return { ...object, metadata: { ...object.metadata, ...app && { labels: { app } } } };
  };
  const found = (app: string) =>
    index.labelled("ns", "app", app).map(({ metadata }) => metadata.name);
  for (const name of ["b", "a"]) index.put(named(name, "x"));
  assert.deepEqual(found("x"), ["a", "b"], "those that were there before the first question");
  index.put(named("c", "x"));
  index.put(named("d", undefined));
  index.put(named("a", "x", "elsewhere"));
  assert.deepEqual(found("x"), ["a", "b", "c"]);
  index.put(named("a", "y"));
  index.put(named("b", undefined));
  assert.deepEqual([found("x"), found("y")], [["c"], ["a"]]);
  index.remove(named("c", "x"));
  assert.deepEqual(found("x"), []);
});

Deno.test("object index: finds objects by who manages them, and those that nobody does", () => {
  const index = new ObjectIndex<KubeObject>();
  const owned = (name: string, uid: string | undefined): KubeObject => {
    const object = objectOf("ns", name, "1");
    const owner = { apiVersion: "v1", kind: "Owner", name: "o", uid: uid ?? "", controller: true };
    const ownerReferences = [{ ...owner, uid: "other", controller: false }, owner];
    return uid === undefined
      ? object
      : { ...object, metadata: { ...object.metadata, ownerReferences } };
  };
  const found = (uid: string) => index.controlledBy("ns", uid).map(({ metadata }) => metadata.name);
  for (const name of ["b", "a"]) index.put(owned(name, "u1"));
  index.put(owned("c", undefined));
  assert.deepEqual([found("u1"), found(""), found("other")], [["a", "b"], ["c"], []]);
  index.put(owned("a", "u2"));
  index.put(owned("b", undefined));
  index.remove(owned("c", undefined));
  assert.deepEqual([found("u1"), found("u2"), found("")], [[], ["a"], ["b"]]);
});

Deno.test("object index: a list that was handed out never changes", () => {
  const index = new ObjectIndex<KubeObject>();
  const [a, b] = [objectOf("ns", "a", "1"), objectOf("ns", "b", "2")];
  index.put(b);
  const before = index.list("ns");
  index.put(a);
  index.put(objectOf("ns", "b", "3"));
  index.remove(b);
  assert.deepEqual(before, [b]);
  assert.deepEqual(index.list("ns"), [a]);
});

function objectOf(namespace: string, name: string, resourceVersion: string): KubeObject {
  return { apiVersion: "v1", kind: "Pod", metadata: { namespace, name, resourceVersion } };
}

const keyOf = ({ metadata: { namespace, name } }: KubeObject) => `${namespace}/${name}`;
