import assert from "node:assert/strict";
import { serviceMetrics } from "./service_metrics.ts";

Deno.test("service metrics: services and their backends, bytes only where some were seen", () => {
  const backend = { ip: "10.244.0.3", port: 80, connections: 5, bytesIn: 0, bytesOut: 900 };
  const text = serviceMetrics([
    ["default/web:http", { connections: 7, refusals: 1, backends: [backend] }],
    ["default/web:http/external", { connections: 2, refusals: 0, backends: [] }],
  ]);
  const web = 'namespace="default",service="web",port="http"';
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  const of = `{${web},side="internal",backend="10.244.0.3:80"`;
  assert.deepEqual(lines, [
    `wherry_service_connections_total{${web},side="internal"} 7`,
    `wherry_service_connections_total{${web},side="external"} 2`,
    `wherry_service_refusals_total{${web},side="internal"} 1`,
    `wherry_service_refusals_total{${web},side="external"} 0`,
    `wherry_service_backend_connections_total${of}} 5`,
    `wherry_service_backend_bytes_total${of},direction="out"} 900`,
  ]);
});
