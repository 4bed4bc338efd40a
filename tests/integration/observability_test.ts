import assert from "node:assert/strict";
import { startMaster, until } from "../fixtures/master.ts";
import { parseMetrics } from "../fixtures/prometheus.ts";

const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";
const PARENT_ID = "b7ad6b7169203331";

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string;
  readonly name: string;
  readonly attributes: { key: string; value: { stringValue?: string } }[];
}

/** What a user points Prometheus, a collector of traces and a collector of logs at: one master, with all of it on. */
Deno.test("observability: metrics, traces, logs and components of a master", async (t) => {
  await using collector = startCollector();
  const dataDir = await Deno.makeTempDir({ prefix: "wherry-test-" });
  const master = await startMaster({
    dataDir,
    flags: ["--logging-format=json"],
    env: {
      OTEL_DENO: "true",
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_BSP_SCHEDULE_DELAY: "100",
      OTEL_SERVICE_NAME: "wherry",
    },
  });
  try {
    await t.step("a request is a span, in the trace of its caller", async () => {
      const traceparent = `00-${TRACE_ID}-${PARENT_ID}-01`;
      const path = "/api/v1/namespaces/default/pods";
      await (await master.fetch(path, { headers: { traceparent } })).body?.cancel();
      const span = await until(() =>
        Promise.resolve(
          collector.spans.find(({ traceId, name }) => traceId === TRACE_ID && name === "list pods"),
        )
      );
      const above = collector.spans.find(({ spanId }) => spanId === span.parentSpanId);
      assert.ok([span, above].some((one) => one?.parentSpanId === PARENT_ID));
      const { attributes } = span;
      const valueOf = (key: string) => attributes.find((one) => one.key === key)?.value.stringValue;
      assert.equal(valueOf("k8s.namespace.name"), "default");
      assert.equal(valueOf("user.name"), "kubernetes-admin");
      assert.ok(!JSON.stringify(collector.spans).includes(master.token));
    });
    await t.step("metrics of every part can be read", async () => {
      const watching = await master.fetch("/api/v1/namespaces?watch=1&timeoutSeconds=60");
      const families = await until(async () => {
        const text = await (await master.fetch("/metrics")).text();
        return text.includes("scheduler_pending_pods") ? parseMetrics(text) : undefined;
      });
      await watching.body?.cancel();
      for (const name of METRICS) assert.ok(families.has(name), name);
    });
    await t.step("components say that they are well", async () => {
      const { items } = await until(async () => {
        const list = await (await master.fetch("/api/v1/componentstatuses")).json();
        return JSON.stringify(list).includes('"False"') ? undefined : list;
      });
      const seen = items.map((one: { metadata: { name: string } }) => one.metadata.name);
      assert.deepEqual(seen, ["controller-manager", "etcd-0", "scheduler"]);
    });
  } finally {
    await master.stop();
  }
  await t.step("every line of the log is JSON", async () => {
    const text = await Deno.readTextFile(`${dataDir}/output.log`);
    const lines = text.trim().split("\n").map((line) => JSON.parse(line));
    const { level, component, server } = lines.find(({ msg }) => msg === "ready");
    assert.deepEqual([level, component, server], ["info", "master", master.url]);
  });
  await Deno.remove(dataDir, { recursive: true });
});

const METRICS = [
  "apiserver_request_total",
  "apiserver_request_duration_seconds",
  "apiserver_current_inflight_requests",
  "apiserver_longrunning_requests",
  "apiserver_storage_objects",
  "apiserver_watch_events_total",
  "etcd_request_duration_seconds",
  "kubernetes_build_info",
  "leader_election_master_status",
  "process_cpu_seconds_total",
  "process_resident_memory_bytes",
  "scheduler_pending_pods",
  "workqueue_adds_total",
  "workqueue_depth",
];

/** Takes spans over OTLP/HTTP, as a collector does. */
function startCollector() {
  const spans: Span[] = [];
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, async (request) => {
    const body = await request.json();
    for (const { scopeSpans = [] } of body.resourceSpans ?? []) {
      for (const scope of scopeSpans) spans.push(...scope.spans);
    }
    return Response.json({});
  });
  return {
    spans,
    url: `http://127.0.0.1:${server.addr.port}`,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}
