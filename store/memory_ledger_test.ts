import assert from "node:assert/strict";
import { put, testLedger } from "./ledger_contract.ts";
import { MemoryLedger, MemoryMedium } from "./memory_ledger.ts";

testLedger("MemoryLedger", () => {
  const medium = new MemoryMedium();
  return Promise.resolve({
    open: () => Promise.resolve(new MemoryLedger(medium)),
    remove: () => Promise.resolve(),
  });
});

Deno.test("MemoryLedger: follow tells what others append, in order, until it is ended", async () => {
  const medium = new MemoryMedium();
  const [mine, theirs] = [new MemoryLedger(medium), new MemoryLedger(medium)];
  await mine.append(0, [put("a", 1)]);
  const ending = new AbortController();
  const seen: number[] = [];
  for await (const records of mine.follow(0, ending.signal)) {
    seen.push(...records.map(({ revision }) => revision));
    if (seen.length < 4) await theirs.append(seen.length, [put("b", seen.length + 1)]);
    else ending.abort();
  }
  assert.deepEqual(seen, [1, 2, 3, 4]);
});
