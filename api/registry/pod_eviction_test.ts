import assert from "node:assert/strict";
import type { PodDisruptionBudget } from "../types/policy_v1.ts";
import { StatusError } from "../types/status.ts";
import type { ActionSubresource, ViewSubresource } from "./kind.ts";
import { openCluster, WRITE } from "./kinds_fixture.ts";

type Json = Readonly<Record<string, unknown>>;

const WEB = { namespace: "default", name: "web" };
const RUNNING = { phase: "Running", conditions: [{ type: "Ready", status: "True" }] };
const COUNTED = {
  observedGeneration: 1,
  currentHealthy: 1,
  desiredHealthy: 1,
  disruptionsAllowed: 0,
  expectedPods: 1,
};

/** A pod and its budget; @returns what an eviction says, and what is left of both. */
async function evict(pod: Json, budget: Json, spec: Json = {}) {
  const { registry, store } = await openCluster();
  const [pods, budgets] = [registry("pods"), registry("poddisruptionbudgets")];
  const labels = { app: "web" };
  const containers = [{ name: "web", image: "web:1" }];
  await pods.create("default", { metadata: { name: "web", labels }, spec: { containers } }, WRITE);
  const status = pods.kind.subresources!["status"] as ViewSubresource<never>;
  await pods.patchView(status, WEB, { type: "merge", body: { status: pod } }, WRITE);
  const selector = { matchLabels: labels };
  await budgets.create("default", {
    metadata: { name: "half" },
    spec: { minAvailable: 1, selector, ...spec },
  }, WRITE);
  const counts = budgets.kind.subresources!["status"] as ViewSubresource<never>;
  const half = { namespace: "default", name: "half" };
  await budgets.patchView(counts, half, { type: "merge", body: { status: budget } }, WRITE);
  const eviction = pods.kind.subresources!["eviction"] as ActionSubresource<never>;
  const refusal = await pods.act(eviction, WEB, {}, WRITE).then(() => undefined, (error) => error);
  const left = budgets.get(half).object as PodDisruptionBudget;
  const isThere = store.get("pods/default/web") !== undefined;
  await store.close();
  return { refusal, isThere, allowed: left.status?.disruptionsAllowed, left };
}

Deno.test("eviction: the budget forbids it, and says what it needs", async () => {
  const { refusal, isThere } = await evict(RUNNING, COUNTED);
  assert.ok(refusal instanceof StatusError && refusal.reason === "TooManyRequests");
  assert.equal(
    refusal.message,
    "Cannot evict pod as it would violate the pod's disruption budget.",
  );
  assert.deepEqual(refusal.causes, [{
    field: "",
    reason: "DisruptionBudget",
    message: "The disruption budget half needs 1 healthy pods and has 1 currently",
  }]);
  assert.ok(isThere);
});

Deno.test("eviction: what the budget allows is taken from it in the same commit", async () => {
  const { refusal, isThere, allowed, left } = await evict(RUNNING, {
    ...COUNTED,
    disruptionsAllowed: 2,
  });
  assert.deepEqual([refusal, isThere, allowed], [undefined, false, 1]);
  assert.deepEqual(Object.keys(left.status?.disruptedPods ?? {}), ["web"]);
});

Deno.test("eviction: a budget that is not counted yet forbids it", async () => {
  const { refusal } = await evict(RUNNING, { ...COUNTED, observedGeneration: 0 });
  assert.match(refusal.causes[0].message, /half is still being processed by the server/);
});

Deno.test("eviction: who does not run needs no budget", async () => {
  const { refusal, isThere } = await evict({ phase: "Succeeded" }, COUNTED);
  assert.deepEqual([refusal, isThere], [undefined, false]);
});

Deno.test("eviction: pods that are not ready go where the budget says so", async () => {
  const policy = { unhealthyPodEvictionPolicy: "AlwaysAllow" };
  const { refusal, isThere } = await evict({ phase: "Running" }, COUNTED, policy);
  assert.deepEqual([refusal, isThere], [undefined, false]);
});
