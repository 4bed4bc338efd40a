/**
 * What protobuf costs beside JSON: microseconds for a pod of about 2 KB each way. `deno run bench/protobuf.ts`
 */
import { Pod } from "../api/types/core_v1.ts";
import { decode } from "../api/types/decode.ts";
import { decodeProtobuf, encodeProtobuf } from "../api/types/protobuf.ts";

const ROUNDS = 50_000;

const container = (name: string, port: number) => ({
  name,
  image: `registry.example.com/shop/${name}:1.4.2`,
  args: ["--listen", `:${port}`, "--log-format=json"],
  env: [
    { name: "LOG_LEVEL", value: "info" },
    { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
    { name: "PASSWORD", valueFrom: { secretKeyRef: { name: "database", key: "password" } } },
  ],
  ports: [{ name: "http", containerPort: port }, { name: "metrics", containerPort: port + 1 }],
  resources: { requests: { cpu: "250m", memory: "64Mi" }, limits: { cpu: "1", memory: "1.5Gi" } },
  livenessProbe: { httpGet: { path: "/healthz", port: "http" }, initialDelaySeconds: 5 },
  readinessProbe: { httpGet: { path: "/readyz", port }, periodSeconds: 5 },
  volumeMounts: [{ name: "config", mountPath: "/etc/shop", readOnly: true }],
});

const POD = decode(Pod, {
  metadata: {
    name: "web-7d4b9",
    namespace: "default",
    labels: { app: "web", tier: "frontend", track: "stable" },
    annotations: { "example.com/team": "storefront", "example.com/commit": "0123456789abcdef" },
    creationTimestamp: "2024-02-29T23:59:59Z",
  },
  spec: {
    containers: [container("web", 8080), container("sidecar", 9090)],
    volumes: [{
      name: "config",
      configMap: { name: "web", items: [{ key: "a", path: "a.conf" }] },
    }],
    nodeSelector: { "kubernetes.io/arch": "amd64" },
    tolerations: [{ key: "spot", operator: "Exists", effect: "NoSchedule" }],
  },
  status: { phase: "Running", podIP: "10.0.0.7", startTime: "2024-03-01T00:00:01Z" },
}).object;

function measure(name: string, round: () => unknown): void {
  for (let i = 0; i < ROUNDS / 10; i++) round();
  const start = performance.now();
  for (let i = 0; i < ROUNDS; i++) round();
  const us = (performance.now() - start) * 1000 / ROUNDS;
  console.log(`${name.padEnd(28)} ${us.toFixed(2).padStart(8)} µs`);
}

const text = JSON.stringify(POD);
const wire = encodeProtobuf(Pod, POD);
console.log(`a pod of ${text.length} bytes of JSON, ${wire.length} of protobuf`);
measure("JSON.parse", () => JSON.parse(text));
measure("decodeProtobuf", () => decodeProtobuf(Pod, wire));
measure("JSON.stringify", () => JSON.stringify(POD));
measure("encodeProtobuf", () => encodeProtobuf(Pod, POD));
