import assert from "node:assert/strict";
import { ADMIN_TOKEN, startApi } from "./harness.ts";

const PODS = "/api/v1/namespaces/default/pods";

Deno.test("in flight: too many requests are told to come back, watches are not among them", async () => {
  const mutating = 20;
  await using api = await startApi({ inFlight: { readOnly: 5, mutating } });
  const bodies: ReadableStreamDefaultController<Uint8Array>[] = [];
  const slow = Array.from({ length: mutating }, () => {
    const body = new ReadableStream<Uint8Array>({ start: (one) => void bodies.push(one) });
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": "application/json" };
    return api.api.fetch(new Request(`http://api${PODS}`, { method: "POST", headers, body }));
  });
  const { code, body, headers } = await api.call("DELETE", `${PODS}/a`);
  assert.equal(code, 429);
  assert.equal(headers.get("retry-after"), "1");
  assert.deepEqual([body.reason, body.details.retryAfterSeconds], ["TooManyRequests", 1]);
  assert.equal((await api.call("GET", PODS)).code, 200);
  const watch = await api.raw("GET", `${PODS}?watch=1`);
  assert.equal(watch.status, 200);
  await watch.body?.cancel();
  for (const one of bodies) one.close();
  for (const answer of await Promise.all(slow)) await answer.body?.cancel();
  assert.equal((await api.call("DELETE", `${PODS}/a`)).code, 404);
});
