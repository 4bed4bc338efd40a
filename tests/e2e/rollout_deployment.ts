import { EXAMPLE_IMAGE } from "../../cmd/example.ts";

/** nginx as it comes: nothing waits before it ends. */
export function deploymentOf(name: string, replicas: number) {
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace: "default" },
    spec: {
      replicas,
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name } },
        spec: {
          containers: [{
            name: "nginx",
            image: EXAMPLE_IMAGE,
            ports: [{ containerPort: 80 }],
            readinessProbe: { httpGet: { port: 80 } },
          }],
        },
      },
    },
  };
}
