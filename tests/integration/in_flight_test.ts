import assert from "node:assert/strict";
import { FakeClock } from "../../client/fake_clock.ts";
import { ADMIN_TOKEN, startApi } from "./harness.ts";

const PODS = "/api/v1/namespaces/default/pods";
const BINDINGS = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings";
const TOKENS = new Map([
  [ADMIN_TOKEN, { name: "admin", groups: ["system:masters"] }],
  ["bob", { name: "bob", groups: [] }],
]);
const AS_BOB = { authorization: "Bearer bob" };
const BOB_IS_ADMIN = {
  metadata: { name: "bob" },
  roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
  subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "bob" }],
};

Deno.test("in flight: too many requests are told to come back, watches are not among them", async () => {
  const mutating = 20;
  await using api = await startApi({ inFlight: { readOnly: 5, mutating }, tokens: TOKENS });
  await api.call("POST", BINDINGS, BOB_IS_ADMIN);
  const bodies: ReadableStreamDefaultController<Uint8Array>[] = [];
  const slow = Array.from({ length: mutating }, () => {
    const body = new ReadableStream<Uint8Array>({ start: (one) => void bodies.push(one) });
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" };
    return api.api.fetch(new Request(`http://api${PODS}`, { method: "POST", headers, body }));
  });
  const { code, body, headers } = await api.call("DELETE", `${PODS}/a`, undefined, AS_BOB);
  assert.equal(code, 429);
  assert.equal(headers.get("retry-after"), "1");
  assert.deepEqual([body.reason, body.details.retryAfterSeconds], ["TooManyRequests", 1]);
  assert.equal(
    (await api.call("DELETE", `${PODS}/a`)).code,
    404,
    "its own components come through",
  );
  assert.equal((await api.call("GET", PODS, undefined, AS_BOB)).code, 200);
  const watch = await api.raw("GET", `${PODS}?watch=1`, AS_BOB);
  assert.equal(watch.status, 200);
  await watch.body?.cancel();
  for (const one of bodies) one.close();
  for (const answer of await Promise.all(slow)) await answer.body?.cancel();
  assert.equal((await api.call("DELETE", `${PODS}/a`, undefined, AS_BOB)).code, 404);
});

Deno.test("in flight: a body that never ends holds its place for a minute and no longer", async () => {
  const clock = new FakeClock();
  await using api = await startApi({
    inFlight: { readOnly: 5, mutating: 1 },
    tokens: TOKENS,
    clock,
  });
  await api.call("POST", BINDINGS, BOB_IS_ADMIN);
  const headers = { ...AS_BOB, "content-type": "application/json" };
  const body = new ReadableStream<Uint8Array>({
    start: (one) => one.enqueue(new Uint8Array([123])),
  });
  const slow = api.api.fetch(new Request(`http://api${PODS}`, { method: "POST", headers, body }));
  assert.equal((await api.call("DELETE", `${PODS}/a`, undefined, AS_BOB)).code, 429);
  await clock.advance(60_000);
  const late = await slow;
  assert.deepEqual([late.status, (await late.json()).reason], [504, "Timeout"]);
  assert.equal((await api.call("DELETE", `${PODS}/a`, undefined, AS_BOB)).code, 404);
});
