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

/** A pod of about 2 KB, as somebody writes it. */
export const WEB_POD = {
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
};
