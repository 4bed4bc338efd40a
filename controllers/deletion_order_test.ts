import assert from "node:assert/strict";
import type { Pod } from "../api/types/core_v1.ts";
import { inDeletionOrder } from "./deletion_order.ts";

interface Words {
  node?: string;
  phase?: "Pending" | "Unknown" | "Running";
  readyAt?: string;
  cost?: string;
  restarts?: number;
  madeAt?: string;
}

const READY = { phase: "Running", readyAt: "2026-01-01T00:01:00Z" } as const;

// deno-fmt-ignore
const CASES: { name: string; first: Words; then: Words; others?: Words[] }[] = [
  { name: "the unscheduled",                         first: {},                                         then: { node: "n" } },
  { name: "the pending",                             first: { node: "n", phase: "Pending" },            then: { node: "n", phase: "Unknown" } },
  { name: "the unknown",                             first: { node: "n", phase: "Unknown" },            then: { node: "n", phase: "Running" } },
  { name: "the one that is not ready",               first: { node: "n", phase: "Running" },            then: { node: "n", ...READY } },
  { name: "the cheaper",                             first: { node: "n", ...READY, cost: "-5" },        then: { node: "n", ...READY } },
  { name: "a cost that is no number counts 0",       first: { node: "n", ...READY, cost: "-1" },        then: { node: "n", ...READY, cost: "much" } },
  { name: "the one that shares its node",            first: { node: "m", ...READY },                    then: { node: "n", ...READY }, others: [{ node: "m", ...READY, cost: "9" }] },
  { name: "the one ready for less time",             first: { node: "n", phase: "Running", readyAt: "2026-01-01T00:02:00Z" }, then: { node: "n", ...READY } },
  { name: "the one that restarted more",             first: { node: "n", ...READY, restarts: 3 },       then: { node: "n", ...READY, restarts: 2 } },
  { name: "the younger",                             first: { node: "n", ...READY, madeAt: "2026-01-01T00:00:09Z" }, then: { node: "n", ...READY, madeAt: "2026-01-01T00:00:08Z" } },
];

for (const { name, first, then, others = [] } of CASES) {
  Deno.test(`deletion order: ${name} goes first`, () => {
    const rest = others.map((words, i) => podOf(`o${i}`, words));
    for (
      const pods of [[podOf("a", first), podOf("b", then)], [podOf("b", then), podOf("a", first)]]
    ) {
      const order = inDeletionOrder([...pods, ...rest]).map(({ metadata }) => metadata.name);
      assert.ok(order.indexOf("a") < order.indexOf("b"), order.join());
    }
  });
}

function podOf(name: string, words: Words): Pod {
  const { node, phase = "Pending", readyAt, cost, restarts = 0, madeAt = "2026-01-01T00:00:00Z" } =
    words;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      creationTimestamp: madeAt,
      ...(cost && { annotations: { "controller.kubernetes.io/pod-deletion-cost": cost } }),
    },
    spec: { containers: [], ...(node && { nodeName: node }) },
    status: {
      phase,
      conditions: [{
        type: "Ready",
        status: readyAt ? "True" : "False",
        ...(readyAt && { lastTransitionTime: readyAt }),
      }],
      containerStatuses: [{
        name: "c",
        image: "",
        imageID: "",
        ready: true,
        restartCount: restarts,
      }],
    },
  };
}
