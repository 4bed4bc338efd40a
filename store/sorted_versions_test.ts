import assert from "node:assert/strict";
import { SortedVersions } from "./sorted_versions.ts";
import { randomFrom } from "./store_contract.ts";
import { Version } from "./version.ts";

const at = (key: string, revision = 1) => new Version(key, revision, new Uint8Array());
const keys = (sorted: SortedVersions, prefix: string) => sorted.list(prefix).map(({ key }) => key);

Deno.test("sorted versions: agree with a sorted array, in and out of order", () => {
  const random = randomFrom(4);
  const sorted = new SortedVersions();
  const model = new Map<string, number>();
  for (let step = 0; step < 20_000; step += 1) {
    const key = `${"abc"[Math.floor(random() * 3)]}/${Math.floor(random() * 3_000)}`;
    if (random() < 0.3) {
      sorted.delete(key);
      model.delete(key);
    } else {
      sorted.set(at(key, step));
      model.set(key, step);
    }
  }
  for (const prefix of ["", "a/", "b/1", "c/2999", "d", "b/17"]) {
    const want = [...model.keys()].filter((key) => key.startsWith(prefix)).sort();
    assert.deepEqual(keys(sorted, prefix), want, prefix);
    assert.ok(sorted.list(prefix).every(({ key, revision }) => model.get(key) === revision));
  }
  assert.equal(sorted.size, model.size);
  for (const key of model.keys()) sorted.delete(key);
  assert.deepEqual(keys(sorted, ""), []);
});

Deno.test("sorted versions: made of many at once, in any order", () => {
  const many = Array.from({ length: 3_000 }, (_, n) => at(`pods/${(n * 7_919) % 3_000}`));
  const sorted = SortedVersions.from(many);
  const want = Array.from({ length: 3_000 }, (_, n) => `pods/${n}`).sort();
  assert.deepEqual(keys(sorted, "pods/"), want);
  sorted.set(at("pods/1500b"));
  assert.deepEqual(keys(sorted, "pods/1500"), ["pods/1500", "pods/1500b"]);
});
