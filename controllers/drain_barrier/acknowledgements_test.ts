import assert from "node:assert/strict";
import type { Lease } from "../../api/types/coordination_v1.ts";
import { NODE_LEASE_NAMESPACE, PROGRAMMED_ANNOTATION } from "../../api/types/drain_barrier.ts";
import { cacheOf, nodeNamed } from "../fake_cluster.ts";
import { movesAll } from "./acknowledgements.ts";

// deno-fmt-ignore
const MOVES: { name: string; before?: string | null; after?: string | null; others: Record<string, string | null>; unready?: string[]; want: boolean }[] = [
  { name: "the last one that was behind",          before: "3", after: "7", others: { b: "7", c: "9" },                   want: true },
  { name: "one of two that are behind",            before: "3", after: "7", others: { b: "3", c: "9" },                   want: false },
  { name: "one that is ahead goes on",             before: "8", after: "9", others: { b: "3" },                           want: false },
  { name: "one that says the same",                before: "3", after: "3", others: { b: "7" },                           want: false },
  { name: "one that falls back behind the others", before: "7", after: "3", others: { b: "5" },                           want: true },
  { name: "the others that are behind are dead",   before: "3", after: "7", others: { b: "1" }, unready: ["b"],           want: true },
  { name: "a dead one",                            before: "3", after: "7", others: { b: "9" }, unready: ["a"],           want: false },
  { name: "a first lease without a data path",                  after: null, others: { b: null },                        want: true },
  { name: "the only node",                         before: "3", after: "7", others: {},                                   want: true },
];
for (const { name, before, after, others, unready = [], want } of MOVES) {
  Deno.test(`acknowledgements: whether all move on with ${name}: ${want}`, () => {
    const nodes = ["a", ...Object.keys(others)].map((node) =>
      unready.includes(node) ? { ...nodeNamed(node), status: {} } : nodeNamed(node)
    );
    const leases = Object.entries(others).map(([node, revision]) => leaseOf(node, revision));
    const change = { before: optional("a", before), after: optional("a", after) };
    assert.equal(movesAll("a", change, cacheOf([...nodes, ...leases])), want);
  });
}

function optional(node: string, revision: string | null | undefined): Lease | undefined {
  return revision === undefined ? undefined : leaseOf(node, revision);
}

/** @param revision null where the lease does not speak of it */
function leaseOf(node: string, revision: string | null): Lease {
  const annotations = revision === null ? {} : { [PROGRAMMED_ANNOTATION]: revision };
  return {
    apiVersion: "coordination.k8s.io/v1",
    kind: "Lease",
    metadata: { name: node, namespace: NODE_LEASE_NAMESPACE, annotations },
    spec: {},
  };
}
