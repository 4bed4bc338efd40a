import assert from "node:assert/strict";
import type { Container, Pod } from "../api/types/core_v1.ts";
import {
  ConfigurationError,
  environmentNeedsAddress,
  environmentOf,
  environmentReferences,
  type EnvironmentSources,
  expand,
} from "./environment.ts";

// deno-fmt-ignore
const EXPANSIONS = [
  { text: "$(A)",        want: "a" },
  { text: "x$(A)y$(B)z", want: "xaybz" },
  { text: "$$(A)",       want: "$(A)" },
  { text: "$$$(A)",      want: "$a" },
  { text: "$(NONE)",     want: "$(NONE)" },
  { text: "$A ${A}",     want: "$A ${A}" },
  { text: "$(A",         want: "$(A" },
  { text: "$(EMPTY)",    want: "" },
  { text: "100$",        want: "100$" },
];
for (const { text, want } of EXPANSIONS) {
  Deno.test(`expand: ${text} is ${JSON.stringify(want)}`, () => {
    const variables = new Map([["A", "a"], ["B", "b"], ["EMPTY", ""]]);
    assert.equal(expand(text, (name) => variables.get(name)), want);
  });
}

const cm = (key: string, optional?: boolean) => ({
  configMapKeyRef: { name: "settings", key, ...(optional === undefined ? {} : { optional }) },
});
const field = (fieldPath: string) => ({ fieldRef: { fieldPath } });
const amount = (resource: string, divisor?: string) => ({
  resourceFieldRef: { resource, ...(divisor === undefined ? {} : { divisor }) },
});

// deno-fmt-ignore
const VALUES = [
  { name: "a literal",                     valueFrom: undefined,                          want: "plain" },
  { name: "a key of a config map",         valueFrom: cm("color"),                        want: "blue" },
  { name: "an optional key that is not",   valueFrom: cm("none", true),                   want: undefined },
  { name: "a key of a secret",             valueFrom: { secretKeyRef: { name: "login", key: "password" } }, want: "s3cret" },
  { name: "the pod's name",                valueFrom: field("metadata.name"),             want: "web" },
  { name: "a label",                       valueFrom: field("metadata.labels['app']"),    want: "shop" },
  { name: "the pod's address",             valueFrom: field("status.podIP"),              want: "10.0.0.9" },
  { name: "the node's address",            valueFrom: field("status.hostIP"),             want: "192.0.2.1" },
  { name: "the node's name",               valueFrom: field("spec.nodeName"),             want: "node-1" },
  { name: "a limit, rounded up",           valueFrom: amount("limits.cpu"),               want: "1" },
  { name: "a limit in thousandths",        valueFrom: amount("limits.cpu", "1m"),         want: "250" },
  { name: "a missing limit is the node's", valueFrom: amount("limits.memory", "1Mi"),     want: "1024" },
];
for (const { name, valueFrom, want } of VALUES) {
  Deno.test(`environmentOf: ${name}`, () => {
    const variable = valueFrom === undefined
      ? { name: "V", value: "plain" }
      : { name: "V", valueFrom };
    assert.equal(environmentOf(container({ env: [variable] }), SOURCES).get("V"), want);
  });
}

Deno.test("environmentOf: later variables see earlier ones, and win over envFrom and services", () => {
  const env = environmentOf(
    container({
      envFrom: [{ prefix: "P_", configMapRef: { name: "settings" } }],
      env: [
        { name: "P_color", value: "red" },
        { name: "BOTH", value: "$(P_color) $(LATER) $(WEB_SERVICE_HOST)" },
        { name: "LATER", value: "x" },
      ],
    }),
    SOURCES,
  );
  assert.equal(env.get("P_color"), "red");
  assert.equal(env.get("P_size"), "10");
  assert.equal(env.get("BOTH"), "red $(LATER) 10.0.0.5");
  assert.equal(env.get("WEB_SERVICE_PORT"), "80");
  assert.ok(!env.has("P_not a name"));
});

// deno-fmt-ignore
const REFUSALS = [
  { name: "a missing config map",   env: { configMapKeyRef: { name: "none", key: "k" } },    want: 'configmap "none" not found' },
  { name: "a missing secret",       env: { secretKeyRef: { name: "none", key: "k" } },       want: 'secret "none" not found' },
  { name: "a missing key",          env: cm("none"),                                         want: "couldn't find key none in ConfigMap default/settings" },
  { name: "a missing secret key",   env: { secretKeyRef: { name: "login", key: "k" } },      want: "couldn't find key k in Secret default/login" },
  { name: "an unknown field",       env: field("spec.colour"),                               want: "unsupported fieldPath: spec.colour" },
];
for (const { name, env, want } of REFUSALS) {
  Deno.test(`environmentOf: refuses ${name}`, () => {
    const asking = container({ env: [{ name: "V", valueFrom: env }] });
    assert.throws(() => environmentOf(asking, SOURCES), new ConfigurationError(want));
  });
}

Deno.test("environmentReferences: names what must be read, once", () => {
  const asking = container({
    envFrom: [{ configMapRef: { name: "settings" } }, { secretRef: { name: "login" } }],
    env: [{ name: "A", valueFrom: cm("color") }, { name: "B", value: "x" }],
  });
  assert.deepEqual(environmentReferences(asking), {
    configMaps: ["settings"],
    secrets: ["login"],
  });
});

Deno.test("environmentNeedsAddress: only the pod's own address waits for the network", () => {
  const asking = (path: string) => container({ env: [{ name: "V", valueFrom: field(path) }] });
  assert.equal(environmentNeedsAddress(asking("status.podIP")), true);
  assert.equal(environmentNeedsAddress(asking("status.hostIP")), false);
});

const POD: Pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web", namespace: "default", uid: "u1", labels: { app: "shop" } },
  spec: { containers: [] },
};

const SOURCES: EnvironmentSources = {
  pod: POD,
  facts: {
    podIp: "10.0.0.9",
    hostIp: "192.0.2.1",
    nodeName: "node-1",
    allocatable: { cpu: "2", memory: "1Gi" },
  },
  services: [{
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", namespace: "default" },
    spec: { clusterIP: "10.0.0.5", ports: [{ port: 80 }] },
  }],
  configMaps: new Map([["settings", {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "settings", namespace: "default" },
    data: { color: "blue", size: "10", "not a name": "x" },
  }]]),
  secrets: new Map([["login", {
    apiVersion: "v1",
    kind: "Secret",
    metadata: { name: "login", namespace: "default" },
    data: { password: btoa("s3cret") },
  }]]),
};

function container(change: Partial<Container>): Container {
  return { name: "a", image: "b:1", resources: { limits: { cpu: "250m" } }, ...change };
}
