import assert from "node:assert/strict";
import { parseMetrics } from "../fixtures/prometheus.ts";
import { podNamed, startApi } from "./harness.ts";

const PODS = "/api/v1/namespaces/default/pods";

Deno.test("metrics: Prometheus can read every line, and names are Kubernetes's", async () => {
  await using api = await startApi();
  await api.call("POST", PODS, podNamed("a"));
  await api.call("POST", PODS, podNamed("a"));
  const watch = await api.watch(`${PODS}?watch=true`);
  await watch.take(1);
  await api.call("POST", PODS, podNamed("b"));
  await watch.take(1);
  const families = parseMetrics((await api.call("GET", "/metrics")).body);
  const valueOf = (name: string, wanted: Record<string, string> = {}) =>
    families.get(name)?.samples.filter(({ labels, name: own }) =>
      !own.endsWith("_bucket") && !own.endsWith("_sum") &&
      Object.entries(wanted).every(([key, value]) => labels[key] === value)
    ).reduce((sum, { value }) => sum + value, 0);
  const pods = { resource: "pods", group: "", version: "v1" };
  assert.equal(valueOf("apiserver_request_total", { ...pods, verb: "POST", code: "201" }), 2);
  assert.equal(valueOf("apiserver_request_total", { ...pods, verb: "POST", code: "409" }), 1);
  assert.equal(valueOf("apiserver_request_duration_seconds", { ...pods, verb: "POST" }), 3);
  assert.equal(valueOf("apiserver_longrunning_requests", { ...pods, verb: "WATCH" }), 1);
  assert.equal(valueOf("apiserver_watch_events_total", { kind: "Pod" }), 2);
  assert.equal(valueOf("apiserver_storage_objects", { resource: "pods" }), 2);
  const flying = families.get("apiserver_current_inflight_requests")?.samples;
  assert.deepEqual(flying?.map(({ labels }) => labels["request_kind"]), ["readOnly", "mutating"]);
  assert.equal(families.get("etcd_request_duration_seconds")?.type, "histogram");
  for (const [name, { help }] of families) assert.ok(help, `${name} says what it is`);
  await watch.close();
});

Deno.test("metrics: made-up methods and paths make no labels", async () => {
  await using api = await startApi();
  for (const path of ["/nowhere/1", "/nowhere/2"]) await api.call("GET", path);
  const { body } = await api.call("GET", "/metrics");
  assert.ok(!body.includes("nowhere"));
});
