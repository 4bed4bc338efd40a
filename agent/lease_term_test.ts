import assert from "node:assert/strict";
import { RENEW_ANNOTATION } from "../api/types/node_lease.ts";
import { LeaseTerm } from "./lease_term.ts";

// deno-fmt-ignore
const TERMS: { name: string; stored?: number; asked?: string; counts: number; renewMs: number; change?: number }[] = [
  { name: "of a small cluster",                         stored: 10,                 counts: 10_000, renewMs: 3_000 },
  { name: "that is to become longer holds as it is",    stored: 10, asked: "17",    counts: 10_000, renewMs: 3_000,  change: 57 },
  { name: "that has become longer",                     stored: 57, asked: "17",    counts: 57_000, renewMs: 17_000 },
  { name: "that is to become shorter counts as that",   stored: 57,                 counts: 10_000, renewMs: 3_000,  change: 10 },
  { name: "that is to become a bit shorter",            stored: 57, asked: "6",     counts: 20_000, renewMs: 6_000,  change: 20 },
  { name: "without a length",                                                       counts: 10_000, renewMs: 3_000,  change: 10 },
  { name: "with an answer that makes no sense",         stored: 10, asked: "often", counts: 10_000, renewMs: 3_000 },
  { name: "with an answer beyond all bounds",           stored: 10, asked: "9000",  counts: 10_000, renewMs: 3_000 },
];
for (const { name, stored, asked, counts, renewMs, change } of TERMS) {
  Deno.test(`lease term: a lease ${name}`, () => {
    const term = new LeaseTerm();
    term.read(leaseOf({ stored, asked, revision: "7" }));
    assert.deepEqual([term.leaseMs, term.renewMs], [counts, renewMs]);
    const want = change &&
      { metadata: { resourceVersion: "7" }, spec: { leaseDurationSeconds: change } };
    assert.deepEqual(term.takeChange(), want);
    assert.equal(term.takeChange(), undefined, "a change goes with one renewal");
  });
}

Deno.test("lease term: the more nodes have news at once, the longer they gather it", () => {
  const term = new LeaseTerm();
  const gathers = [3, 4, 18].map((seconds) => {
    term.read(leaseOf({ stored: 60, asked: String(seconds), revision: "7" }));
    return term.acknowledgeMsMin;
  });
  assert.deepEqual(gathers, [20, 140, 1_820]);
});

function leaseOf(
  { stored, asked, revision }: {
    stored: number | undefined;
    asked: string | undefined;
    revision: string;
  },
) {
  const annotations = asked === undefined ? {} : { [RENEW_ANNOTATION]: asked };
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: "n1", namespace: "kube-node-lease", annotations, resourceVersion: revision },
    spec: stored === undefined ? {} : { leaseDurationSeconds: stored },
  };
}
