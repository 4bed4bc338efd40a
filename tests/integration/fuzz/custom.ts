/** Custom kinds that the fuzzer declares, asks for, and declares otherwise. */
import type { AnyKind } from "../../../api/registry/kind.ts";
import { KINDS } from "../../../api/registry/kinds.ts";
import { ObjectMeta, TYPE_META } from "../../../api/types/meta.ts";
import {
  always,
  any,
  boolean,
  int32,
  int64,
  intOrString,
  list,
  map,
  messagesOf,
  oneOf,
  optional,
  string,
} from "../../../api/types/schema.ts";
import type { Choices } from "../choices.ts";
import type { Json } from "../harness.ts";
import type { FuzzRequest } from "./requests.ts";
import type { Values } from "./values.ts";

const GROUP = "fuzz.example.org";
const message = messagesOf("org.example.fuzz.v1");

const Port = message("Port", {
  name: optional(1, string),
  port: optional(2, intOrString),
  protocol: optional(3, oneOf("TCP", "UDP")),
});
const Spec = message("Spec", {
  size: optional(1, int32),
  max: optional(2, int64),
  color: optional(3, oneOf("red", "blue")),
  ports: optional(4, list(Port)),
  tags: optional(5, list(string)),
  labels: optional(6, map(string)),
  free: optional(7, any),
  nullable: optional(8, string),
  embedded: optional(9, any),
  on: optional(10, boolean),
  replicas: optional(11, int32),
  unknown: optional(12, any),
});
const Status = message("Status", { replicas: optional(1, int32), phase: optional(2, string) });
const Widget = message("Widget", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: optional(2, Spec),
  status: optional(3, Status),
});

/** What the fuzzer must know of a kind to ask for it: the server learns the rest from the definition. */
function kindOf(kind: string, resource: string, isNamespaced: boolean, version = "v1"): AnyKind {
  return {
    resource: { apiVersion: `${GROUP}/${version}`, kind, resource, isNamespaced },
    schema: Widget,
    singular: kind.toLowerCase(),
    hasStatus: true,
    validate: () => [],
    columns: [],
  };
}

const DEFINITION_KIND = KINDS.find(({ resource }) => resource.kind === "CustomResourceDefinition")!;
const WIDGET_KINDS = [
  kindOf("Widget", "widgets", true),
  kindOf("Widget", "widgets", true, "v2"),
  kindOf("Gauge", "gauges", false),
];
export const CUSTOM_KINDS: readonly AnyKind[] = [...WIDGET_KINDS, ...WIDGET_KINDS, DEFINITION_KIND];

const RULES: readonly Json[] = [
  { rule: "self.size <= self.max", message: "too big" },
  { rule: "!has(self.ports) || self.ports.all(p, p.name != '')" },
  { rule: "self.size >= oldSelf.size", messageExpression: "'was ' + string(oldSelf.size)" },
  { rule: "10 / self.size > 0", reason: "FieldValueInvalid", fieldPath: ".size" },
  { rule: "self.color.matches('^(r+)+$')" },
  { rule: "has(self.labels) ? size(self.labels) < 3 : true", messageExpression: "1 + 1" },
  { rule: "self.tags.exists_one(t, t == 'a')", optionalOldSelf: true },
  { rule: "self.nope" },
  { rule: "1 +" },
  { rule: "" },
  { rule: "self.free.x.y.z == 1" },
  { rule: "quantity(self.color).isGreaterThan(quantity('1'))" },
];

const EMBEDDED = {
  "x-kubernetes-embedded-resource": true,
  "x-kubernetes-preserve-unknown-fields": true,
};

function specSchema(rules: readonly Json[]): Json {
  return {
    type: "object",
    default: {},
    properties: {
      size: { type: "integer", format: "int32", minimum: 0, maximum: 10, default: 1 },
      max: { type: "integer", format: "int64", default: 10 },
      color: { type: "string", enum: ["red", "blue"], default: "red" },
      ports: {
        type: "array",
        maxItems: 5,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
        items: {
          type: "object",
          required: ["name"],
          properties: {
            name: { type: "string", maxLength: 20 },
            port: { "x-kubernetes-int-or-string": true },
            protocol: { type: "string", default: "TCP" },
          },
        },
      },
      tags: {
        type: "array",
        "x-kubernetes-list-type": "set",
        maxItems: 4,
        items: { type: "string" },
      },
      labels: { type: "object", additionalProperties: { type: "string", pattern: "^[a-z]*$" } },
      free: { type: "object", "x-kubernetes-preserve-unknown-fields": true },
      nullable: { type: "string", nullable: true, default: null },
      embedded: { type: "object", ...EMBEDDED },
      on: { type: "boolean" },
      replicas: { type: "integer", default: 1 },
    },
    "x-kubernetes-validations": rules,
  };
}

function versionOf(name: string, isStorage: boolean, rules: readonly Json[]): Json {
  return {
    ...{ name, served: true, storage: isStorage },
    schema: {
      openAPIV3Schema: {
        type: "object",
        properties: {
          spec: specSchema(rules),
          status: {
            type: "object",
            properties: { replicas: { type: "integer" }, phase: { type: "string" } },
          },
        },
      },
    },
    subresources: {
      status: {},
      scale: { specReplicasPath: ".spec.replicas", statusReplicasPath: ".status.replicas" },
    },
    selectableFields: [{ jsonPath: ".spec.color" }],
    additionalPrinterColumns: [
      { name: "Size", type: "integer", jsonPath: ".spec.size" },
      { name: "First", type: "string", jsonPath: ".spec.ports[0].name", priority: 1 },
      { name: "Age", type: "date", jsonPath: ".metadata.creationTimestamp" },
    ],
  };
}

function definitionOf(kind: string, plural: string, scope: string, rules: readonly Json[]): Json {
  return {
    metadata: { name: `${plural}.${GROUP}` },
    spec: {
      group: GROUP,
      scope,
      names: { plural, singular: kind.toLowerCase(), kind, shortNames: [plural.slice(0, 2)] },
      versions: [versionOf("v1", true, rules), versionOf("v2", false, rules.slice(0, 1))],
    },
  };
}

export const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

/** What is declared before the first request. */
export const FIRST_DEFINITIONS: readonly Json[] = [
  definitionOf("Widget", "widgets", "Namespaced", RULES.slice(0, 2)),
  definitionOf("Gauge", "gauges", "Cluster", []),
];

const OBJECT: Json = { spec: { size: 2, ports: [{ name: "a", port: 80 }], tags: ["a"] } };
export const CUSTOM_SAMPLES: Readonly<Record<string, Json>> = Object.fromEntries(
  WIDGET_KINDS.map(({ resource: { apiVersion, kind } }) => [`${apiVersion}/${kind}`, OBJECT]),
);

/** The kinds are declared otherwise, wrongly, or not any more. */
export function definitionRequest(choices: Choices, values: Values): FuzzRequest {
  const rules = RULES.filter(() => choices.chance(0.3));
  const sound = choices.chance(0.5)
    ? definitionOf("Widget", "widgets", "Namespaced", rules)
    : definitionOf("Gauge", "gauges", "Cluster", rules);
  const { name } = sound["metadata"] as { name: string };
  const method = choices.weighted({ POST: 4, PUT: 2, PATCH: 6, DELETE: 1 });
  const path = method === "POST" ? DEFINITIONS : `${DEFINITIONS}/${name}`;
  const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
  const body = choices.chance(0.6) ? values.broken(sound) : sound;
  const headers = { "content-type": type };
  if (method === "DELETE") return { method, path, headers };
  return { method, path, headers, body: JSON.stringify(body) ?? "" };
}
