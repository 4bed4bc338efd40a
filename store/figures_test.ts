import assert from "node:assert/strict";
import { StoreFigures } from "./figures.ts";
import { MemoryLedger } from "./memory_ledger.ts";
import { openOn, putting } from "./store_contract.ts";

Deno.test("figures: appends by how long they took, and what they wrote", () => {
  const figures = new StoreFigures();
  for (const [records, ms] of [[10, 1], [20, 5], [0, 30], [1, 60_000]] as const) {
    figures.countAppend(records, ms);
  }
  const lines = figures.lines();
  for (
    const line of [
      'etcd_request_duration_seconds_bucket{operation="append",le="0.005"} 2',
      'etcd_request_duration_seconds_bucket{operation="append",le="0.05"} 3',
      'etcd_request_duration_seconds_bucket{operation="append",le="10"} 3',
      'etcd_request_duration_seconds_bucket{operation="append",le="+Inf"} 4',
      'etcd_request_duration_seconds_count{operation="append"} 4',
      'etcd_request_errors_total{operation="append"} 1',
      "wherry_store_writes_total 31",
    ]
  ) assert.ok(lines.includes(line), line);
});

Deno.test("figures: of a store", async () => {
  const store = await openOn({ open: () => Promise.resolve(new MemoryLedger()) });
  await Promise.all(["a", "b", "c"].map((name) => store.commit(() => [putting(name)])));
  const lines = store.metrics();
  assert.ok(lines.includes("wherry_store_writes_total 3"));
  assert.ok(lines.includes('etcd_request_duration_seconds_count{operation="append"} 1'));
  assert.ok(lines.includes("wherry_store_history_events 3"));
  await store.close();
});
