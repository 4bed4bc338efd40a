import assert from "node:assert/strict";
import type { ConfigMap, Secret } from "../types/core_v1.ts";
import { configMaps } from "./configmaps.ts";
import { DATA_BYTES_MAX } from "./data_size.ts";
import type { AnyKind } from "./kind.ts";
import { prepared, refusals, rowOf, updateRefusals } from "./kinds_fixture.ts";
import { secrets } from "./secrets.ts";
import { serviceAccounts } from "./serviceaccounts.ts";

const KEY = "a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. " +
  "'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

const REFUSALS: readonly { name: string; kind: AnyKind; json: Json; want: readonly string[] }[] = [
  {
    name: "a key with a slash",
    kind: configMaps,
    json: { data: { "a/b": "" } },
    want: [`data[a/b]: Invalid value: "a/b": ${KEY}`],
  },
  {
    name: "a key in both parts",
    kind: configMaps,
    json: { data: { a: "" }, binaryData: { a: "" } },
    want: ['data[a]: Invalid value: "a": duplicate of key present in binaryData'],
  },
  {
    name: "more data than fits",
    kind: configMaps,
    json: { data: { a: "€".repeat(DATA_BYTES_MAX / 3 + 1) } },
    want: [`data: Too long: may not be more than ${DATA_BYTES_MAX} bytes`],
  },
  {
    name: "a certificate without its key",
    kind: secrets,
    json: { type: "kubernetes.io/tls", stringData: { "tls.crt": "c" } },
    want: ["data[tls.key]: Required value"],
  },
  {
    name: "nobody to log in",
    kind: secrets,
    json: { type: "kubernetes.io/basic-auth" },
    want: ["data[username]: Required value", "data[password]: Required value"],
  },
  {
    name: "a registry's file that is no JSON, which is not repeated",
    kind: secrets,
    json: { type: "kubernetes.io/dockerconfigjson", stringData: { ".dockerconfigjson": "{" } },
    want: ['data[.dockerconfigjson]: Invalid value: "<secret contents redacted>": must be JSON'],
  },
  {
    name: "a token of no account",
    kind: secrets,
    json: { type: "kubernetes.io/service-account-token" },
    want: ["metadata.annotations[kubernetes.io/service-account.name]: Required value"],
  },
];
for (const { name, kind, json, want } of REFUSALS) {
  Deno.test(`${kind.resource.resource}: refuses ${name}`, () => {
    assert.deepEqual(refusals(kind, { metadata: { name: "x" }, ...json }), want);
  });
}

Deno.test("config maps: what is immutable stays as it is", () => {
  const json = { metadata: { name: "x" }, data: { a: "1" }, immutable: true };
  const change = (configMap: ConfigMap) => ({ ...configMap, data: { a: "2" }, immutable: false });
  const why = "Forbidden: field is immutable when `immutable` is set";
  assert.deepEqual(updateRefusals<ConfigMap>(configMaps, json, change), [
    `immutable: ${why}`,
    `data: ${why}`,
  ]);
});

Deno.test("secrets: the type stays as it is", () => {
  const change = (secret: Secret) => ({ ...secret, type: "example.com/x" });
  assert.deepEqual(updateRefusals<Secret>(secrets, { metadata: { name: "x" } }, change), [
    'type: Invalid value: "example.com/x": field is immutable',
  ]);
});

Deno.test("secrets: stringData goes into data, over what is there, and is not kept", () => {
  const secret = prepared<Secret>(secrets, {
    metadata: { name: "x" },
    data: { a: "MQ==", b: "Mg==" },
    stringData: { a: "é" },
  });
  assert.deepEqual(secret.data, { a: "w6k=", b: "Mg==" });
  assert.equal(secret.stringData, undefined);
  assert.equal(secret.type, "Opaque");
});

Deno.test("columns of config maps, secrets and service accounts", () => {
  const configMap = { data: { a: "", b: "" }, binaryData: { c: "" } };
  assert.equal(row(configMaps, configMap)["Data"], 3);
  const secret = row(secrets, { data: { a: "" } });
  assert.deepEqual([secret["Type"], secret["Data"]], ["Opaque", 1]);
  assert.equal(row(serviceAccounts, {})["Secrets"], 0);
});

type Json = Readonly<Record<string, unknown>>;

function row(kind: AnyKind, json: Json) {
  return rowOf(kind, prepared(kind, { metadata: { name: "x" }, ...json }));
}
