/**
 * What the schema costs on the way of a create: microseconds per decode, default and validate of a pod of
 * about 2 KB. `deno run bench/decode.ts`
 */
import { Pod } from "../api/types/core_v1.ts";
import { decode } from "../api/types/decode.ts";
import { applyDefaults } from "../api/types/defaults.ts";
import { validateSchema } from "../api/types/validate_schema.ts";
import { managedAfterCreate, managedAfterUpdate } from "../api/registry/apply/track_update.ts";

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
  volumeMounts: [
    { name: "config", mountPath: "/etc/shop", readOnly: true },
    { name: "scratch", mountPath: "/tmp" },
  ],
});

const TEXT = JSON.stringify({
  apiVersion: "v1",
  kind: "Pod",
  metadata: {
    name: "web-7d4b9",
    namespace: "default",
    labels: { app: "web", tier: "frontend", track: "stable" },
    annotations: { "example.com/team": "storefront", "example.com/commit": "0123456789abcdef" },
  },
  spec: {
    containers: [container("web", 8080), container("sidecar", 9090)],
    volumes: [
      { name: "config", configMap: { name: "web", items: [{ key: "a", path: "a.conf" }] } },
      { name: "scratch", emptyDir: { sizeLimit: "500Mi" } },
    ],
    nodeSelector: { "kubernetes.io/arch": "amd64" },
    tolerations: [{ key: "spot", operator: "Exists", effect: "NoSchedule" }],
  },
});

function measure(name: string, round: () => unknown): void {
  for (let i = 0; i < ROUNDS / 10; i++) round();
  const start = performance.now();
  for (let i = 0; i < ROUNDS; i++) round();
  const us = (performance.now() - start) * 1000 / ROUNDS;
  console.log(`${name.padEnd(28)} ${us.toFixed(2).padStart(8)} µs`);
}

const json: unknown = JSON.parse(TEXT);
const decoded = decode(Pod, json).object;
console.log(`a pod of ${TEXT.length} bytes`);
measure("JSON.parse", () => JSON.parse(TEXT));
measure("decode", () => decode(Pod, json));
measure("applyDefaults", () => applyDefaults(Pod, decoded));
measure("validateSchema", () => validateSchema(Pod, decoded));
measure("decode, default, validate", () => {
  const { object } = decode(Pod, json);
  return validateSchema(Pod, applyDefaults(Pod, object));
});
const identity = { manager: "kubectl-create", operation: "Update", apiVersion: "v1" } as const;
const now = "2026-01-01T00:00:00Z";
measure("managed fields of a create", () => managedAfterCreate(Pod, decoded, identity, now));
const live = { ...decoded, status: { phase: "Pending" } } as typeof decoded;
live.metadata = { ...live.metadata };
live.metadata.managedFields = managedAfterCreate(Pod, decoded, identity, now) as never;
const kubelet = { ...identity, manager: "kubelet", subresource: "status" };
const condition = (type: string) => ({ type, status: "True", lastTransitionTime: now });
let phase = 0;
measure("managed fields of a status", () => {
  const conditions = ["Initialized", "Ready", "ContainersReady"].map(condition);
  const status = { phase: `Running${phase++}`, podIP: "10.0.0.1", conditions };
  const next = { ...live, status } as typeof live;
  return managedAfterUpdate(Pod, { live, next, said: undefined, identity: kubelet, now });
});
