/** Fields that a type has not got, and fields that a body says again. Source of the texts: Kubernetes's own tests. */
import assert from "node:assert/strict";
import { type Answer, type Harness, startApi } from "./harness.ts";

const DEPLOYMENTS = "/apis/apps/v1/namespaces/default/deployments";
const BOATS = "/apis/harbour.example.com/v1/namespaces/default/boats";

const TYPED = `{
  "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "a" },
  "spec": {
    "unknown1": "val1",
    "unknownDupe": "valDupe",
    "unknownDupe": { "x": 1, "x": 2 },
    "paused": true,
    "paused": false,
    "selector": { "matchLabels": { "app": "nginx" } },
    "template": {
      "metadata": { "labels": { "app": "nginx", "a\\u0070p": "nginx" } },
      "spec": { "containers": [{
        "name": "nginx", "image": "nginx:1",
        "unknownNested": "val1",
        "imagePullPolicy": "Always",
        "imagePullPolicy": "Never"
      }] }
    }
  }
}`;
const OF_TYPED = [
  'unknown field "spec.unknown1"',
  'unknown field "spec.unknownDupe"',
  'duplicate field "spec.paused"',
  'duplicate field "spec.template.metadata.labels.app"',
  'unknown field "spec.template.spec.containers[0].unknownNested"',
  'duplicate field "spec.template.spec.containers[0].imagePullPolicy"',
];

const TYPED_YAML = `apiVersion: apps/v1
kind: Deployment
metadata:
  name: a
spec:
  unknown1: val1
  unknownDupe: valDupe
  unknownDupe: valDupe2
  paused: true
  paused: false
  selector:
    matchLabels: { app: nginx }
  template:
    metadata:
      labels: { app: nginx }
    spec:
      containers:
      - name: nginx
        image: nginx:1
        unknownNested: val1
        imagePullPolicy: Always
        imagePullPolicy: Never
`;
const LINES = [
  'line 8: key "unknownDupe" already set in map',
  'line 10: key "paused" already set in map',
  'line 22: key "imagePullPolicy" already set in map',
];
const UNKNOWN = OF_TYPED.filter((text) => text.startsWith("unknown"));

const BOAT_SCHEMA = {
  type: "object",
  properties: { spec: { type: "object", properties: { length: { type: "integer" } } } },
};
const BOAT_DEFINITION = {
  metadata: { name: "boats.harbour.example.com" },
  spec: {
    group: "harbour.example.com",
    scope: "Namespaced",
    names: { plural: "boats", singular: "boat", kind: "Boat" },
    versions: [{
      ...{ name: "v1", served: true, storage: true },
      schema: { openAPIV3Schema: BOAT_SCHEMA },
    }],
  },
};

const FREE = `{
  "apiVersion": "harbour.example.com/v1", "kind": "Boat", "metadata": { "name": "a" },
  "spec": { "length": 1, "sails": 2, "sails": 3, "length": 4 }
}`;
const OF_FREE = [
  'duplicate field "spec.sails"',
  'duplicate field "spec.length"',
  'unknown field "spec.sails"',
];

const MERGE = `{ "spec": { "paused": true, "paused": false, "unknownDupe": 1, "unknownDupe": 2 } }`;
const OF_MERGE = [
  'duplicate field "spec.paused"',
  'duplicate field "spec.unknownDupe"',
  'unknown field "spec.unknownDupe"',
];
const OPERATIONS = `[
  { "op": "add", "path": "/spec/unknown1", "value": "val1", "foo": "bar" },
  { "op": "add", "path": "/spec/unknown2", "path": "/spec/unknown3", "value": "val1" }
]`;
const OF_OPERATIONS = [
  'json patch unknown field "[0].foo"',
  'json patch duplicate field "[1].path"',
  'unknown field "spec.unknown1"',
  'unknown field "spec.unknown3"',
];
const APPLIED = TYPED_YAML.replaceAll(/ *unknown.*\n/g, "");
const OF_APPLIED = [
  'line 7: key "paused" already set in map',
  'line 18: key "imagePullPolicy" already set in map',
];

interface Case {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly type: string;
  readonly body: string;
  readonly warnings: readonly string[];
  readonly refusal: string;
  readonly code: number;
  readonly isThere?: boolean;
}

const strict = (told: readonly string[]) => `strict decoding error: ${told.join(", ")}`;
const ofYaml = (lines: readonly string[]) => `yaml: unmarshal errors:\n  ${lines.join("\n  ")}`;
const handled = (kind: string, told: readonly string[]) =>
  `${kind} in version "v1" cannot be handled as a ${kind}: ${strict(told)}`;
const patched = (body: string, told: readonly string[]) =>
  ` "" is invalid: patch: Invalid value: ${JSON.stringify(JSON.stringify(JSON.parse(body)))}: ` +
  strict(told);

const yamlErrors = [ofYaml(LINES), ...UNKNOWN];
const CASES: readonly Case[] = [
  {
    name: "a create",
    ...{ method: "POST", path: DEPLOYMENTS, type: "json", body: TYPED, code: 400 },
    ...{ warnings: OF_TYPED, refusal: handled("Deployment", OF_TYPED) },
  },
  {
    name: "a create in YAML",
    ...{ method: "POST", path: DEPLOYMENTS, type: "yaml", body: TYPED_YAML, code: 400 },
    ...{ warnings: [...LINES, ...UNKNOWN], refusal: handled("Deployment", yamlErrors) },
  },
  {
    name: "an update",
    ...{ method: "PUT", path: `${DEPLOYMENTS}/a`, type: "json", body: TYPED, code: 400 },
    ...{ warnings: OF_TYPED, refusal: handled("Deployment", OF_TYPED), isThere: true },
  },
  {
    name: "a create of a custom kind",
    ...{ method: "POST", path: BOATS, type: "json", body: FREE, code: 400 },
    ...{ warnings: OF_FREE, refusal: handled("Boat", OF_FREE) },
  },
  ...["merge", "strategic-merge"].map((kind): Case => ({
    name: `a ${kind} patch`,
    ...{ method: "PATCH", path: `${DEPLOYMENTS}/a`, type: `${kind}-patch+json`, body: MERGE },
    ...{ warnings: OF_MERGE, refusal: patched(MERGE, OF_MERGE), code: 422, isThere: true },
  })),
  {
    name: "a JSON patch",
    ...{ method: "PATCH", path: `${DEPLOYMENTS}/a`, type: "json-patch+json", body: OPERATIONS },
    warnings: OF_OPERATIONS,
    refusal: patched(
      `[{"op":"add","path":"/spec/unknown1","value":"val1","foo":"bar"},` +
        `{"op":"add","path":"/spec/unknown3","value":"val1"}]`,
      OF_OPERATIONS,
    ),
    ...{ code: 422, isThere: true },
  },
  ...[false, true].map((isThere): Case => ({
    name: `an apply of what is ${isThere ? "" : "not "}there`,
    ...{ method: "PATCH", path: `${DEPLOYMENTS}/a?fieldManager=me&force=true`, body: APPLIED },
    ...{ type: "apply-patch+yaml", warnings: OF_APPLIED, code: 400, isThere },
    refusal: `error strict decoding YAML: error converting YAML to JSON: ${ofYaml(OF_APPLIED)}`,
  })),
];

for (const one of CASES) {
  Deno.test(`field validation: ${one.name} is warned of, refused or let through`, async () => {
    const ignored = await answerTo(one, "Ignore");
    assert.deepEqual([ignored.code < 300, warningsOf(ignored)], [true, []]);
    for (const lax of ["Warn", ""]) {
      const warned = await answerTo(one, lax);
      assert.deepEqual(warningsOf(warned), one.warnings);
      assert.ok(warned.code < 300, JSON.stringify(warned.body));
    }
    const { code, body } = await answerTo(one, "Strict");
    assert.deepEqual([code, body.message], [one.code, one.refusal]);
  });
}

async function answerTo({ method, path, type, body, isThere }: Case, how: string): Promise<Answer> {
  await using api = await startApi();
  await api.call("POST", DEFINITIONS, BOAT_DEFINITION);
  if (isThere) await putThere(api);
  const ask = how === "" ? path : `${path}${path.includes("?") ? "&" : "?"}fieldValidation=${how}`;
  return await api.call(method, ask, body, { "content-type": `application/${type}` });
}

const DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";

async function putThere(api: Harness): Promise<void> {
  const { code } = await api.call("POST", `${DEPLOYMENTS}?fieldValidation=Ignore`, TYPED);
  assert.equal(code, 201);
}

function warningsOf({ headers }: Answer): string[] {
  const said = headers.get("warning") ?? "";
  return [...said.matchAll(/299 - ("(?:[^"\\]|\\.)*")/g)].map(([, text]) => JSON.parse(text!));
}

Deno.test("field validation: what else is wrong is told with it", async () => {
  await using api = await startApi();
  const wrong = TYPED.replace('"paused": true', '"replicas": -1, "paused": true');
  const { code, body } = await api.call("POST", `${DEPLOYMENTS}?fieldValidation=Strict`, wrong);
  const fields = body.details.causes.map(({ field }: { field: string }) => field);
  assert.equal(code, 422);
  assert.ok(["spec.unknown1", "spec.paused", "spec.replicas"].every((one) => fields.includes(one)));
});
