import assert from "node:assert/strict";
import { Scale } from "../types/autoscaling_v1.ts";
import type { ReplicationController } from "../types/core_v1.ts";
import type { ViewSubresource } from "./kind.ts";
import { openCluster, prepared, refusals, rowOf, WRITE } from "./kinds_fixture.ts";
import { replicationControllers as kind } from "./replicationcontrollers.ts";

Deno.test("row 21: selector and labels of a controller come from its template", () => {
  const { metadata, spec, status } = prepared<ReplicationController>(kind, rcOf({}));
  assert.deepEqual(metadata.labels, { app: "web" });
  assert.deepEqual(spec.selector, { app: "web" });
  assert.equal(spec.replicas, 1);
  assert.equal(spec.template.spec.restartPolicy, "Always");
  assert.equal(spec.template.spec.containers[0]?.imagePullPolicy, "Always");
  assert.equal(metadata.generation, 1);
  assert.deepEqual(status, { replicas: 0 });
});

const REFUSALS: readonly { name: string; rc: Json; want: readonly string[] }[] = [
  {
    name: "no selector, and no labels to make one of",
    rc: rcOf({ template: templateOf({}, {}) }),
    want: ["spec.selector: Required value"],
  },
  {
    name: "a selector that its pods don't match",
    rc: rcOf({ selector: { app: "db" } }),
    want: [
      'spec.template.metadata.labels: Invalid value: {"app":"web"}: `selector` does not match ' +
      "template `labels`",
    ],
  },
  {
    name: "fewer than no pods",
    rc: rcOf({ replicas: -1 }),
    want: ["spec.replicas: Invalid value: -1: must be greater than or equal to 0"],
  },
  {
    name: "pods that are not restarted",
    rc: rcOf({ template: templateOf({ restartPolicy: "Never" }) }),
    want: [
      'spec.template.spec.restartPolicy: Unsupported value: "Never": supported values: "Always"',
    ],
  },
  {
    name: "a disk that several pods write",
    rc: rcOf({
      replicas: 2,
      template: templateOf({ volumes: [{ name: "v", gcePersistentDisk: { pdName: "d" } }] }),
    }),
    want: [
      "spec.template.spec.volumes[0].gcePersistentDisk.readOnly: Invalid value: false: must be " +
      "true for replicated pods > 1; GCE PD can only be mounted on multiple machines if it is " +
      "read-only",
    ],
  },
  {
    name: "a template without an image",
    rc: rcOf({ template: templateOf({ containers: [{ name: "c" }] }) }),
    want: ["spec.template.spec.containers[0].image: Required value"],
  },
  {
    name: "no template",
    rc: { metadata: { name: "web" }, spec: { selector: { app: "web" } } },
    want: ["spec.template: Required value"],
  },
];
for (const { name, rc, want } of REFUSALS) {
  Deno.test(`row 20: a controller is refused for ${name}`, () => {
    assert.deepEqual(refusals(kind, rc), want);
  });
}

Deno.test("controllers: on the node's network a template may leave the host ports to its pods", () => {
  const containers = [{ name: "c", image: "i", ports: [{ containerPort: 80 }] }];
  const rc = rcOf({ template: templateOf({ hostNetwork: true, containers }) });
  assert.deepEqual(refusals(kind, rc), []);
});

Deno.test("controller columns: the whole row in kubectl's order", () => {
  const rc = prepared<ReplicationController>(kind, rcOf({ replicas: 3 }));
  const row = rowOf(kind, { ...rc, status: { replicas: 2, readyReplicas: 1 } } as typeof rc);
  assert.deepEqual(Object.entries(row), [
    ["Name", "web"],
    ["Desired", 3],
    ["Current", 2],
    ["Ready", 1],
    ["Age", "0s"],
    ["Containers", "c"],
    ["Images", "i"],
    ["Selector", "app=web"],
  ]);
});

Deno.test("scale: shows and changes how many pods are wanted, and refuses fewer than none", async () => {
  const { registry, store } = await openCluster();
  const rcs = registry("replicationcontrollers");
  const json = { apiVersion: "v1", kind: "ReplicationController", ...rcOf({ replicas: 3 }) };
  const { object: made } = await rcs.create("default", json, WRITE);
  const scale = kind.subresources?.["scale"] as ViewSubresource<typeof made>;
  assert.equal(scale.schema, Scale);
  const shown = scale.read(made);
  assert.deepEqual(shown, {
    apiVersion: "autoscaling/v1",
    kind: "Scale",
    metadata: {
      name: "web",
      namespace: "default",
      uid: made.metadata.uid,
      resourceVersion: made.metadata.resourceVersion,
      creationTimestamp: made.metadata.creationTimestamp,
    },
    spec: { replicas: 3 },
    status: { replicas: 0, selector: "app=web" },
  });
  const place = { namespace: "default", name: "web" };
  const scaled = await rcs.updateView(scale, place, { ...shown, spec: { replicas: 5 } }, WRITE);
  const rc = scaled.object as ReplicationController;
  assert.equal(rc.spec.replicas, 5);
  assert.equal(rc.metadata.generation, 2);
  const patch = { type: "merge", body: { spec: { replicas: -1 } } } as const;
  await assert.rejects(
    rcs.patchView(scale, place, patch, WRITE),
    /spec.replicas: Invalid value: -1/,
  );
  await store.close();
});

type Json = Readonly<Record<string, unknown>>;

function rcOf(spec: Json): Json {
  return { metadata: { name: "web" }, spec: { template: templateOf({}), ...spec } };
}

function templateOf(spec: Json, labels: Json = { app: "web" }): Json {
  return { metadata: { labels }, spec: { containers: [{ name: "c", image: "i" }], ...spec } };
}
