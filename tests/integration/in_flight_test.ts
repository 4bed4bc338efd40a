import assert from "node:assert/strict";
import { ADMIN_TOKEN, startApi } from "./harness.ts";

const PODS = "/api/v1/namespaces/default/pods";

Deno.test("in flight: too many requests are told to come back, watches are not among them", async () => {
  const mutating = 20;
  const tokens = new Map([
    [ADMIN_TOKEN, { name: "admin", groups: ["system:masters"] }],
    ["bob", { name: "bob", groups: [] }],
  ]);
  await using api = await startApi({ inFlight: { readOnly: 5, mutating }, tokens });
  await api.call("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", {
    metadata: { name: "bob" },
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
    subjects: [{ apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "bob" }],
  });
  const asBob = { authorization: "Bearer bob" };
  const bodies: ReadableStreamDefaultController<Uint8Array>[] = [];
  const slow = Array.from({ length: mutating }, () => {
    const body = new ReadableStream<Uint8Array>({ start: (one) => void bodies.push(one) });
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" };
    return api.api.fetch(new Request(`http://api${PODS}`, { method: "POST", headers, body }));
  });
  const { code, body, headers } = await api.call("DELETE", `${PODS}/a`, undefined, asBob);
  assert.equal(code, 429);
  assert.equal(headers.get("retry-after"), "1");
  assert.deepEqual([body.reason, body.details.retryAfterSeconds], ["TooManyRequests", 1]);
  assert.equal(
    (await api.call("DELETE", `${PODS}/a`)).code,
    404,
    "its own components come through",
  );
  assert.equal((await api.call("GET", PODS, undefined, asBob)).code, 200);
  const watch = await api.raw("GET", `${PODS}?watch=1`, asBob);
  assert.equal(watch.status, 200);
  await watch.body?.cancel();
  for (const one of bodies) one.close();
  for (const answer of await Promise.all(slow)) await answer.body?.cancel();
  assert.equal((await api.call("DELETE", `${PODS}/a`, undefined, asBob)).code, 404);
});
