import assert from "node:assert/strict";
import type { AnyKind } from "../registry/kind.ts";
import { Scale, SCALES } from "../types/autoscaling_v1.ts";
import { Lease, LEASES } from "../types/coordination_v1.ts";
import { Node, Pod, ReplicationController } from "../types/core_v1.ts";
import { NODES, PODS, REPLICATION_CONTROLLERS } from "../types/resources.ts";
import { openApiTexts, openApiV2, openApiV3, openApiV3Index } from "./openapi.ts";

const base = { hasStatus: true, validate: () => [], columns: [] };
const KINDS: AnyKind[] = [
  { ...base, resource: NODES, schema: Node, singular: "node" },
  { ...base, resource: PODS, schema: Pod, singular: "pod" },
  {
    ...base,
    resource: REPLICATION_CONTROLLERS,
    schema: ReplicationController,
    singular: "replicationcontroller",
    subresources: {
      scale: { does: "view", resource: SCALES, schema: Scale, read: (o) => o, write: (o) => o },
    },
  },
  {
    ...base,
    hasStatus: false,
    resource: LEASES,
    schema: Lease,
    singular: "lease",
    withoutVerbs: ["deletecollection"],
  },
];

type Json = Record<string, unknown>;

/** Follows names through a document, whatever it holds. */
function at(document: unknown, ...names: string[]): unknown {
  return names.reduce<unknown>((value, name) => (value as Json | undefined)?.[name], document);
}

const V3 = openApiV3("", "v1", KINDS);
const V2 = openApiV2(KINDS);
const schema = (name: string) => at(V3, "components", "schemas", `io.k8s.api.core.v1.${name}`);
const property = (message: string, name: string) => at(schema(message), "properties", name);
const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });

// deno-fmt-ignore
const PROPERTIES = [
  { name: "a list merged by key",     of: ["PodSpec", "containers"],               want: { type: "array", items: ref("io.k8s.api.core.v1.Container"), "x-kubernetes-patch-merge-key": "name", "x-kubernetes-patch-strategy": "merge" } },
  { name: "a union merged by key",    of: ["PodSpec", "volumes"],                  want: { type: "array", items: ref("io.k8s.api.core.v1.Volume"), "x-kubernetes-patch-merge-key": "name", "x-kubernetes-patch-strategy": "merge,retainKeys" } },
  { name: "two keys for apply",       of: ["Container", "ports"],                  want: { type: "array", items: ref("io.k8s.api.core.v1.ContainerPort"), "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["containerPort", "protocol"], "x-kubernetes-patch-merge-key": "containerPort", "x-kubernetes-patch-strategy": "merge" } },
  { name: "a list replaced whole",    of: ["PodSpec", "tolerations"],              want: { type: "array", items: ref("io.k8s.api.core.v1.Toleration"), "x-kubernetes-list-type": "atomic" } },
  { name: "scalars merged",           of: ["NodeSpec", "podCIDRs"],                want: { type: "array", items: { type: "string" }, "x-kubernetes-list-type": "atomic", "x-kubernetes-patch-strategy": "merge" } },
  { name: "an enum with a default",   of: ["PodSpec", "restartPolicy"],            want: { type: "string", enum: ["Always", "OnFailure", "Never"], default: "Always" } },
  { name: "an atomic map",            of: ["ReplicationControllerSpec", "selector"], want: { type: "object", additionalProperties: { type: "string" }, "x-kubernetes-map-type": "atomic" } },
  { name: "a map of quantities",      of: ["ResourceRequirements", "limits"],      want: { type: "object", additionalProperties: ref("io.k8s.apimachinery.pkg.api.resource.Quantity") } },
  { name: "a message always there",   of: ["Pod", "metadata"],                     want: { allOf: [ref("io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta")], default: {} } },
  { name: "a time",                   of: ["PodStatus", "startTime"],              want: ref("io.k8s.apimachinery.pkg.apis.meta.v1.Time") },
  { name: "a port number",            of: ["ContainerPort", "hostPort"],           want: { description: "Port taken on the node; 0 or absent takes none.", type: "integer", format: "int32" } },
] as const;

for (const { name, of: [message, field], want } of PROPERTIES) {
  Deno.test(`openapi: ${name}`, () => assert.deepEqual(property(message, field), want));
}

Deno.test("openapi: only what clients must send is required", () => {
  assert.deepEqual(at(schema("PodSpec"), "required"), ["containers"]);
  assert.equal(at(schema("Pod"), "required"), undefined);
});

Deno.test("openapi: kinds and their lists are found by group, version and kind", () => {
  assert.deepEqual(at(schema("Pod"), "x-kubernetes-group-version-kind"), [
    { group: "", kind: "Pod", version: "v1" },
  ]);
  assert.deepEqual(at(schema("PodList"), "x-kubernetes-group-version-kind"), [
    { group: "", kind: "PodList", version: "v1" },
  ]);
});

// deno-fmt-ignore
const OPERATIONS = [
  { path: "/api/v1/pods",                                       want: { get: "listCoreV1PodForAllNamespaces" } },
  { path: "/api/v1/nodes",                                      want: { get: "listCoreV1Node", post: "createCoreV1Node", delete: "deleteCoreV1CollectionNode" } },
  { path: "/api/v1/namespaces/{namespace}/pods",                want: { get: "listCoreV1NamespacedPod", post: "createCoreV1NamespacedPod", delete: "deleteCoreV1CollectionNamespacedPod" } },
  { path: "/api/v1/namespaces/{namespace}/pods/{name}",         want: { get: "readCoreV1NamespacedPod", put: "replaceCoreV1NamespacedPod", patch: "patchCoreV1NamespacedPod", delete: "deleteCoreV1NamespacedPod" } },
  { path: "/api/v1/namespaces/{namespace}/pods/{name}/status",  want: { get: "readCoreV1NamespacedPodStatus", put: "replaceCoreV1NamespacedPodStatus", patch: "patchCoreV1NamespacedPodStatus" } },
] as const;

for (const document of [V2, V3]) {
  for (const { path, want } of OPERATIONS) {
    Deno.test(`openapi ${"swagger" in document ? 2 : 3}: ${path}`, () => {
      const { parameters: _, ...operations } = at(document, "paths", path) as Json;
      const ids = Object.entries(operations).map(([method, operation]) => [
        method,
        at(operation, "operationId"),
      ]);
      assert.deepEqual(Object.fromEntries(ids), want);
    });
  }
}

Deno.test("openapi: every patch takes fieldValidation, which lets kubectl leave validation to the server", () => {
  for (const path of Object.values(at(V3, "paths") as Json)) {
    const parameters = at(path, "patch", "parameters") as { name: string }[] | undefined;
    if (parameters !== undefined) {
      assert.ok(parameters.some(({ name }) => name === "fieldValidation"));
    }
  }
});

Deno.test("openapi: server-side apply is named only when it is served", () => {
  const patch = ["paths", "/api/v1/nodes/{name}", "patch", "requestBody", "content"];
  const types = Object.keys(at(V3, ...patch) as Json);
  assert.equal(types.includes("application/apply-patch+yaml"), false);
  const applying = openApiV3("", "v1", KINDS, { hasServerSideApply: true });
  assert.ok(Object.keys(at(applying, ...patch) as Json).includes("application/apply-patch+yaml"));
});

Deno.test("openapi: a group has a document of its own, and verbs that are missing are not in it", () => {
  const leases = openApiV3("coordination.k8s.io", "v1", KINDS);
  const path = "/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases";
  assert.deepEqual(Object.keys(at(leases, "paths", path) as Json), ["parameters", "get", "post"]);
  assert.equal(at(leases, "components", "schemas", "io.k8s.api.core.v1.Pod"), undefined);
});

Deno.test("openapi: a scale is spoken of as autoscaling/v1", () => {
  const path = "/api/v1/namespaces/{namespace}/replicationcontrollers/{name}/scale";
  assert.deepEqual(at(V3, "paths", path, "get", "x-kubernetes-group-version-kind"), {
    group: "autoscaling",
    kind: "Scale",
    version: "v1",
  });
});

Deno.test("openapi: every reference leads somewhere", () => {
  for (const [document, text] of [[V2, JSON.stringify(V2)], [V3, JSON.stringify(V3)]] as const) {
    for (const [, path = ""] of text.matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      assert.notEqual(at(document, ...path.split("/")), undefined, path);
    }
  }
});

Deno.test("openapi: the index names a document by its hash", () => {
  const index = (text: string) =>
    at(openApiV3Index(new Map([["api/v1", text]])), "paths", "api/v1", "serverRelativeURL");
  assert.match(index("a") as string, /^\/openapi\/v3\/api\/v1\?hash=[0-9A-F]{64}$/);
  assert.notEqual(index("a"), index("b"));
});

Deno.test("openapi: all documents at once", () => {
  const texts = openApiTexts(KINDS);
  assert.deepEqual([...texts.v3.keys()], ["api/v1", "apis/coordination.k8s.io/v1"]);
  assert.deepEqual(JSON.parse(texts.v3.get("api/v1") ?? ""), V3);
  assert.equal(at(JSON.parse(texts.v2), "swagger"), "2.0");
});
