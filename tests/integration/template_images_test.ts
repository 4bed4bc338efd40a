import assert from "node:assert/strict";
import { podNamed, startApi } from "./harness.ts";

const IMAGES = "/wherry/images";

/** Each kind with its own image, so that one which is overlooked shows. */
const TEMPLATES: Readonly<Record<string, { path: string; spec: (template: object) => object }>> = {
  Deployment: { path: "/apis/apps/v1/namespaces/default/deployments", spec: selecting },
  ReplicaSet: { path: "/apis/apps/v1/namespaces/default/replicasets", spec: selecting },
  StatefulSet: { path: "/apis/apps/v1/namespaces/default/statefulsets", spec: selecting },
  DaemonSet: { path: "/apis/apps/v1/namespaces/default/daemonsets", spec: selecting },
  ReplicationController: {
    path: "/api/v1/namespaces/default/replicationcontrollers",
    spec: (template) => ({ replicas: 0, selector: { app: "a" }, template }),
  },
  Job: {
    path: "/apis/batch/v1/namespaces/default/jobs",
    spec: (template) => ({ suspend: true, template }),
  },
  CronJob: {
    path: "/apis/batch/v1/namespaces/default/cronjobs",
    spec: (template) => ({ schedule: "0 0 * * *", jobTemplate: { spec: { template } } }),
  },
};

function selecting(template: object): object {
  return { selector: { matchLabels: { app: "a" } }, serviceName: "a", template };
}

Deno.test("images: whatever a pod or a template names, each once, for nodes that clear their disks", async () => {
  await using api = await startApi();
  for (const [kind, { path, spec }] of Object.entries(TEMPLATES)) {
    const { code, body } = await api.call("POST", path, {
      apiVersion: path.includes("/apis/") ? path.split("/").slice(2, 4).join("/") : "v1",
      kind,
      metadata: { name: "a" },
      spec: withoutForeign(kind, spec(templateOf(kind.toLowerCase()))),
    });
    assert.equal(code, 201, JSON.stringify(body));
  }
  const spec = { containers: [{ name: "main", image: "pod:1" }] };
  await api.call("POST", "/api/v1/namespaces/default/pods", podNamed("plain", { spec }));
  const { body } = await api.call("GET", IMAGES);
  const wanted = Object.keys(TEMPLATES).map((kind) => `${kind.toLowerCase()}:1`);
  assert.deepEqual(body.images, [...wanted, "init:1", "pod:1"].sort());
});

/** `serviceName` is a stateful set's alone. */
function withoutForeign(kind: string, spec: object): object {
  if (kind === "StatefulSet") return spec;
  const { serviceName: _, ...rest } = spec as { serviceName?: string };
  return rest;
}

function templateOf(name: string): object {
  return {
    metadata: { labels: { app: "a" } },
    spec: {
      restartPolicy: ["job", "cronjob"].includes(name) ? "Never" : "Always",
      initContainers: [{ name: "init", image: "init:1" }],
      containers: [{ name: "main", image: `${name}:1` }],
    },
  };
}
