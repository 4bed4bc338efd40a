import assert from "node:assert/strict";
import { lockDataPath } from "./host_lock.ts";
import { namesOf } from "./names.ts";

Deno.test("lockDataPath: of two agents of one cluster the second is told, and what would help", () => {
  const names = namesOf("test-lock");
  const first = lockDataPath(names);
  assert.throws(() => lockDataPath(names), /another agent of cluster test-lock .* --cluster-name/);
  lockDataPath(namesOf("test-lock-b")).release();
  first.release();
  lockDataPath(names).release();
});
