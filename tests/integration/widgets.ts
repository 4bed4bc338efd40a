/** A custom kind for tests, with one of each thing that a definition can say. */
import assert from "node:assert/strict";
import { type Harness, type Json, startApi } from "./harness.ts";

export const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
export const WIDGETS = "/apis/example.com/v1/namespaces/default/widgets";

export const SCHEMA = {
  type: "object",
  required: ["spec"],
  properties: {
    spec: {
      type: "object",
      required: ["size"],
      properties: {
        size: { type: "integer", minimum: 1, maximum: 10 },
        color: { type: "string", enum: ["red", "blue"], default: "red" },
        replicas: { type: "integer", default: 1 },
        selector: { type: "string" },
        ports: {
          type: "array",
          "x-kubernetes-list-type": "map",
          "x-kubernetes-list-map-keys": ["name"],
          items: {
            type: "object",
            required: ["name"],
            properties: { name: { type: "string" }, port: { "x-kubernetes-int-or-string": true } },
          },
        },
        free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
      },
    },
    status: {
      type: "object",
      properties: { replicas: { type: "integer" }, phase: { type: "string" } },
    },
  },
};

export const VERSION = {
  name: "v1",
  served: true,
  storage: true,
  schema: { openAPIV3Schema: SCHEMA },
  subresources: {
    status: {},
    scale: {
      specReplicasPath: ".spec.replicas",
      statusReplicasPath: ".status.replicas",
      labelSelectorPath: ".spec.selector",
    },
  },
  selectableFields: [{ jsonPath: ".spec.color" }],
  additionalPrinterColumns: [
    { name: "Size", type: "integer", jsonPath: ".spec.size" },
    { name: "Phase", type: "string", jsonPath: ".status.phase", priority: 1 },
    { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
  ],
};

export function definition(versions: readonly Json[] = [VERSION], names: Json = {}): Json {
  return {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "widgets.example.com" },
    spec: {
      group: "example.com",
      scope: "Namespaced",
      names: {
        plural: "widgets",
        kind: "Widget",
        shortNames: ["wd"],
        categories: ["all"],
        ...names,
      },
      versions,
    },
  };
}

export function widget(name: string, spec: Json = { size: 3 }, more: Json = {}): Json {
  return { apiVersion: "example.com/v1", kind: "Widget", metadata: { name }, spec, ...more };
}

export async function withWidgets(versions?: readonly Json[]): Promise<Harness> {
  const api = await startApi();
  const created = await api.call("POST", DEFINITIONS, definition(versions));
  assert.equal(created.code, 201, JSON.stringify(created.body));
  return api;
}
