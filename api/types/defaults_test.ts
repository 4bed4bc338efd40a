import assert from "node:assert/strict";
import { Pod, ReplicationController, Secret, Service } from "./core_v1.ts";
import { decode } from "./decode.ts";
import { applyDefaults } from "./defaults.ts";
import type { MessageSchema, Schema } from "./schema.ts";

const POD_SPEC = {
  dnsPolicy: "ClusterFirst",
  enableServiceLinks: true,
  restartPolicy: "Always",
  schedulerName: "default-scheduler",
  terminationGracePeriodSeconds: 30,
};
const CONTAINER = {
  terminationMessagePath: "/dev/termination-log",
  terminationMessagePolicy: "File",
};

// deno-fmt-ignore
const CASES: { name: string; schema: MessageSchema; json: Record<string, unknown>; want: unknown }[] = [
  { name: "a message that is there",     schema: Pod,                   json: { spec: {} },                                 want: { metadata: {}, spec: POD_SPEC } },
  { name: "messages in lists",           schema: Pod,                   json: { spec: { containers: [{ ports: [{ containerPort: 1 }] }] } }, want: { metadata: {}, spec: { ...POD_SPEC, containers: [{ ...CONTAINER, ports: [{ containerPort: 1, protocol: "TCP" }] }] } } },
  { name: "messages in templates",       schema: ReplicationController, json: { spec: { template: {} } },                   want: { metadata: {}, spec: { replicas: 1, template: { metadata: {}, spec: POD_SPEC } } } },
  { name: "what is said stays",          schema: Service,               json: { spec: { type: "NodePort" } },               want: { metadata: {}, spec: { type: "NodePort", sessionAffinity: "None", internalTrafficPolicy: "Cluster" } } },
  { name: "empty text counts as absent", schema: Secret,                json: { type: "" },                                 want: { metadata: {}, type: "Opaque" } },
  { name: "zero and false stay",         schema: Pod,                   json: { spec: { enableServiceLinks: false, terminationGracePeriodSeconds: 0 } }, want: { metadata: {}, spec: { ...POD_SPEC, enableServiceLinks: false, terminationGracePeriodSeconds: 0 } } },
];

for (const { name, schema, json, want } of CASES) {
  Deno.test(`applyDefaults: ${name}`, () => {
    const typed = schema as Schema<unknown> & MessageSchema;
    const object = applyDefaults(typed, decode(typed, json).object);
    assert.deepEqual(object, want);
    assert.deepEqual(applyDefaults(typed, structuredClone(object)), want);
  });
}
