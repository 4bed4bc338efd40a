import assert from "node:assert/strict";
import { parseMetrics } from "../fixtures/prometheus.ts";
import { ADMIN_TOKEN, podNamed, startApi } from "./harness.ts";

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

Deno.test("metrics: who came, what they might do, and what was written down of it", async () => {
  const audit = {
    rules: [{ level: "Metadata" as const, verbs: ["create"] }],
    sink: () => {},
  };
  const tokens = new Map([
    [ADMIN_TOKEN, { name: "admin", groups: ["system:masters"] }],
    ["bob", { name: "bob@example.com", groups: [] }],
  ]);
  await using api = await startApi({ audit, tokens });
  await api.call("POST", PODS, podNamed("a"));
  await api.call("GET", `${PODS}/a`, undefined, { authorization: "Bearer bob" });
  await api.call("GET", `${PODS}/a`, undefined, { authorization: "Bearer wrong" });
  await api.call("GET", PODS);
  const families = parseMetrics((await api.call("GET", "/metrics")).body);
  const seriesOf = (name: string) =>
    Object.fromEntries(
      (families.get(name)?.samples ?? []).filter(({ name: own }) => !own.endsWith("_sum"))
        .filter(({ name: own }) => !own.endsWith("_bucket"))
        .map(({ labels, value }) => [Object.values(labels).join(), value]),
    );
  assert.deepEqual(seriesOf("authenticated_user_requests"), { admin: 3, email_id: 1 });
  assert.deepEqual(seriesOf("authentication_attempts"), { success: 4, failure: 1 });
  assert.deepEqual(seriesOf("authentication_duration_seconds"), { success: 4, failure: 1 });
  assert.deepEqual(seriesOf("authorization_attempts_total"), { allowed: 3, "no-opinion": 1 });
  assert.deepEqual(seriesOf("authorization_duration_seconds"), { allowed: 3, "no-opinion": 1 });
  assert.deepEqual(seriesOf("apiserver_audit_event_total"), { "": 1 });
  assert.deepEqual(seriesOf("apiserver_audit_level_total"), { Metadata: 1, None: 3 });
  const list = "LIST,,v1,pods,,namespace,apiserver";
  assert.equal(seriesOf("apiserver_request_sli_duration_seconds")[list], 1);
  assert.equal(seriesOf("apiserver_response_sizes")[list], 1);
});
