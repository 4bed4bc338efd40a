import assert from "node:assert/strict";
import { MetricRegistry } from "./metrics.ts";

Deno.test("metrics: counters, gauges and histograms in Prometheus's text", () => {
  const registry = new MetricRegistry();
  const requests = registry.counter("requests_total", "Requests.", ["verb", "code"]);
  requests.add(1, "GET", "200");
  requests.add(2, "GET", "200");
  registry.gauge("depth", "Keys\nthat wait.").set(4);
  const seconds = registry.histogram("seconds", "Time.", ["verb"], [0.1, 1]);
  for (const value of [0.1, 0.5, 7]) seconds.observe(value, 'a"b\\');
  assert.deepEqual(registry.text().split("\n"), [
    "# HELP requests_total Requests.",
    "# TYPE requests_total counter",
    'requests_total{verb="GET",code="200"} 3',
    "# HELP depth Keys\\nthat wait.",
    "# TYPE depth gauge",
    "depth 4",
    "# HELP seconds Time.",
    "# TYPE seconds histogram",
    'seconds_bucket{verb="a\\"b\\\\",le="0.1"} 1',
    'seconds_bucket{verb="a\\"b\\\\",le="1"} 2',
    'seconds_bucket{verb="a\\"b\\\\",le="+Inf"} 3',
    'seconds_sum{verb="a\\"b\\\\"} 7.6',
    'seconds_count{verb="a\\"b\\\\"} 3',
    "",
  ]);
});

Deno.test("metrics: a metric that nobody touched is not there", () => {
  const registry = new MetricRegistry();
  registry.counter("requests_total", "Requests.", ["verb"]);
  assert.equal(registry.text(), "");
});

Deno.test("metrics: labels that callers make up do not fill the memory", () => {
  const registry = new MetricRegistry();
  const requests = registry.counter("requests_total", "Requests.", ["verb"]);
  for (let at = 0; at < 10_000; at++) requests.add(1, `verb-${at}`);
  const lines = registry.text().trim().split("\n");
  assert.equal(lines.length, 2 + 4_000 + 1);
  assert.equal(lines.at(-1), 'requests_total{verb="other"} 6000');
});
