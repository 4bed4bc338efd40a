import assert from "node:assert/strict";
import * as core from "./core_v1.ts";
import { DeleteOptions, ManagedFieldsEntry, ObjectMeta } from "./meta.ts";
import { LeaseSpec } from "./coordination_v1.ts";
import {
  decodeEnvelope,
  decodeProtobuf,
  encodeProtobuf,
  sealEnvelope,
  watchFrame,
} from "./protobuf.ts";
import { keepsZero } from "./protobuf/presence.ts";
import { DEPTH_MAX } from "./protobuf/wire.ts";
import {
  any,
  double,
  int32,
  list,
  map,
  type MessageSchema,
  messagesOf,
  optional,
  string,
} from "./schema.ts";

const fromHex = (hex: string) => Uint8Array.fromHex(hex.replaceAll(" ", ""));

/** Bodies that kubectl 1.32 sends, base64, and the objects as `kubectl -o json` prints them. */
// deno-fmt-ignore
const SENT: { command: string; body: string; want: object }[] = [
  { command: "create namespace",
    body: "azhzAAoPCgJ2MRIJTmFtZXNwYWNlEh4KFgoGZ29sZGVuEgAaACIAKgAyADgAQgASABoCCgAaACIA",
    want: { kind: "Namespace", metadata: { name: "golden" }, spec: {}, status: {} } },
  { command: "create configmap, with text and bytes",
    body: "azhzAAoPCgJ2MRIJQ29uZmlnTWFwEj0KFgoGZ29sZGVuEgAaACIAKgAyADgAQgASEwoIZ3JlZXRpbmcSB0dyw7zDn2UaDgoHYmluLmRhdBID/wABGgAiAA==",
    want: { kind: "ConfigMap", metadata: { name: "golden" }, data: { greeting: "Grüße" }, binaryData: { "bin.dat": "/wAB" } } },
  { command: "create secret generic --type",
    body: "azhzAAoMCgJ2MRIGU2VjcmV0Ej4KFgoGZ29sZGVuEgAaACIAKgAyADgAQgASEgoIcGFzc3dvcmQSBnMzY3JldBoQZXhhbXBsZS5jb20va2luZBoAIgA=",
    want: { kind: "Secret", metadata: { name: "golden" }, data: { password: "czNjcmV0" }, type: "example.com/kind" } },
  { command: "create serviceaccount",
    body: "azhzAAoUCgJ2MRIOU2VydmljZUFjY291bnQSGAoWCgZnb2xkZW4SABoAIgAqADIAOABCABoAIgA=",
    want: { kind: "ServiceAccount", metadata: { name: "golden" } } },
  { command: "create service clusterip, with a named target",
    body: "azhzAAoNCgJ2MRIHU2VydmljZRKWAQolCgZnb2xkZW4SABoAIgAqADIAOABCAFoNCgNhcHASBmdvbGRlbhJpChsKBzgwLTgwODASA1RDUBhQIgcIABCQPxoAKAAKIgoJNDQzLWh0dHBzEgNUQ1AYuwMiCwgBEAAaBWh0dHBzKAASDQoDYXBwEgZnb2xkZW4aACIJQ2x1c3RlcklQOgBCAFIAWgBgAGgAGgIKABoAIgA=",
    want: { kind: "Service", metadata: { name: "golden", labels: { app: "golden" } }, spec: { ports: [
      { name: "80-8080", protocol: "TCP", port: 80, targetPort: 8080 },
      { name: "443-https", protocol: "TCP", port: 443, targetPort: "https" },
    ], selector: { app: "golden" }, type: "ClusterIP" }, status: { loadBalancer: {} } } },
  { command: "create service nodeport",
    body: "azhzAAoNCgJ2MRIHU2VydmljZRJtCiUKBmdvbGRlbhIAGgAiACoAMgA4AEIAWg0KA2FwcBIGZ29sZGVuEkAKFwoCODASA1RDUBhQIgYIABBQGgAogOsBEg0KA2FwcBIGZ29sZGVuGgAiCE5vZGVQb3J0OgBCAFIAWgBgAGgAGgIKABoAIgA=",
    want: { kind: "Service", metadata: { name: "golden", labels: { app: "golden" } }, spec: { ports: [
      { name: "80", protocol: "TCP", port: 80, targetPort: 80, nodePort: 30080 },
    ], selector: { app: "golden" }, type: "NodePort" }, status: { loadBalancer: {} } } },
  { command: "create service clusterip --clusterip=None",
    body: "azhzAAoNCgJ2MRIHU2VydmljZRJfCikKCGhlYWRsZXNzEgAaACIAKgAyADgAQgBaDwoDYXBwEghoZWFkbGVzcxIuEg8KA2FwcBIIaGVhZGxlc3MaBE5vbmUiCUNsdXN0ZXJJUDoAQgBSAFoAYABoABoCCgAaACIA",
    want: { kind: "Service", metadata: { name: "headless", labels: { app: "headless" } },
      spec: { selector: { app: "headless" }, clusterIP: "None", type: "ClusterIP" }, status: { loadBalancer: {} } } },
  { command: "create quota",
    body: "azhzAAoTCgJ2MRINUmVzb3VyY2VRdW90YRJCChYKBmdvbGRlbhIAGgAiACoAMgA4AEIAEiYKCwoEcG9kcxIDCgE1ChcKDHJlcXVlc3RzLmNwdRIHCgUxNTAwbRoAGgAiAA==",
    want: { kind: "ResourceQuota", metadata: { name: "golden" }, spec: { hard: { pods: "5", "requests.cpu": "1500m" } }, status: {} } },
  { command: "debug --copy-to, of a pod with zeros that mean something and zeros that do not",
    body: "azhzAAoJCgJ2MRIDUG9kEsUDChsKBGNvcHkSABoHZGVmYXVsdCIAKgAyADgAQgASkwMKGAoHc2NyYXRjaBINEgsKABIHCgU1MDBNaQoNCgVwbGFpbhIEEgIKAAoeCgZjb25maWcSFJoBEQoFCgN3ZWISBgoBYRIBYhgAEu8BCgRtYWluEgdidXN5Ym94KgAyEQoEaHR0cBAAGFAiA1RDUCoAOgkKBUVNUFRZEgA6FQoDS0VZEgAaDCIKCgMKAXMSAWsYADoeCgNDUFUSABoVEhMKABIKbGltaXRzLmNwdRoDCgEwQiAKDQoDY3B1EgYKBDI1MG0KDwoGbWVtb3J5EgUKAzFHaUoVCgdzY3JhdGNoEAAaBC90bXAiADIAUiwKIBIeCggvaGVhbHRoehIKCAEQABoEaHR0cBoAIgRIVFRQEAAYACAKKAAwAGoAcgB6AhAAgAEAiAEAkAEAmgELCgJQXxIFCgMKAWOiAQAaACAAMgBCAEoAUgBYAGAAaAByBhAAIAcgCIIBAIoBAJoBAKgBALIBHQoEZ29uZRIGRXhpc3RzGgAiCU5vRXhlY3V0ZSgAwgEAyAH7//////////8B2AEAGhAKABoAIgAqADIASgBaAHIAGgAiAA==",
    want: { kind: "Pod", metadata: { name: "copy", namespace: "default" }, spec: {
      volumes: [
        { name: "scratch", emptyDir: { sizeLimit: "500Mi" } },
        { name: "plain", emptyDir: {} },
        { name: "config", configMap: { name: "web", items: [{ key: "a", path: "b" }], defaultMode: 0 } },
      ],
      containers: [{
        name: "main", image: "busybox", ports: [{ name: "http", containerPort: 80, protocol: "TCP" }],
        env: [
          { name: "EMPTY" },
          { name: "KEY", valueFrom: { secretKeyRef: { name: "s", key: "k", optional: false } } },
          { name: "CPU", valueFrom: { resourceFieldRef: { resource: "limits.cpu", divisor: "0" } } },
        ],
        envFrom: [{ prefix: "P_", configMapRef: { name: "c" } }],
        resources: { limits: { cpu: "250m", memory: "1Gi" } },
        volumeMounts: [{ name: "scratch", mountPath: "/tmp" }],
        livenessProbe: { httpGet: { path: "/healthz", port: "http", scheme: "HTTP" }, periodSeconds: 10 },
        securityContext: { privileged: false },
      }],
      terminationGracePeriodSeconds: 0, automountServiceAccountToken: false, priority: -5, shareProcessNamespace: false,
      securityContext: { runAsUser: 0, supplementalGroups: [7, 8] },
      tolerations: [{ key: "gone", operator: "Exists", effect: "NoExecute", tolerationSeconds: 0 }],
    }, status: {} } },
];

const schemaOf = (kind: string) => (core as unknown as Record<string, MessageSchema>)[kind]!;

for (const { command, body, want } of SENT) {
  Deno.test(`protobuf: reads kubectl ${command}`, () => {
    const { apiVersion, kind, raw } = decodeEnvelope(Uint8Array.fromBase64(body));
    assert.equal(apiVersion, "v1");
    const object = decodeProtobuf(schemaOf(kind), raw);
    assert.deepEqual({ kind, ...object }, want);
    assert.deepEqual(
      decodeProtobuf(schemaOf(kind), encodeProtobuf(schemaOf(kind), object)),
      object,
    );
  });
}

const test = messagesOf("test");
const Odd = test("Odd", {
  extra: optional(1, map(list(string))),
  free: optional(2, any),
  numbers: optional(3, list(int32)),
  ratio: optional(4, double),
});

/** Each as the wire has it, in hex. */
// deno-fmt-ignore
const VALUES: { name: string; schema: MessageSchema; object: object; wire: string }[] = [
  { name: "fields in the order of their numbers", schema: core.PodIP,      object: { ip: "a" },                    wire: "0a 01 61" },
  { name: "a number that is zero and set",        schema: core.ReplicationControllerSpec, object: { replicas: 0 }, wire: "08 00" },
  { name: "a number below zero, in ten bytes",    schema: core.PodSpec,    object: { priority: -1 },               wire: "c8 01 ff ff ff ff ff ff ff ff ff 01" },
  { name: "the largest integer of JSON",          schema: core.PodSpec,    object: { activeDeadlineSeconds: 2 ** 53 - 1 }, wire: "28 ff ff ff ff ff ff ff 0f" },
  { name: "the smallest one",                     schema: core.PodSpec,    object: { activeDeadlineSeconds: 1 - 2 ** 53 }, wire: "28 81 80 80 80 80 80 80 f0 ff 01" },
  { name: "a time",                               schema: ManagedFieldsEntry, object: { time: "2024-02-29T23:59:59Z" }, wire: "22 08 08 ff b4 84 af 06 10 00" },
  { name: "a time before 1970",                   schema: ManagedFieldsEntry, object: { time: "1969-12-31T23:59:59Z" }, wire: "22 0d 08 ff ff ff ff ff ff ff ff ff 01 10 00" },
  { name: "microseconds",                         schema: LeaseSpec,       object: { renewTime: "1970-01-01T00:00:01.000250Z" }, wire: "22 06 08 01 10 90 a1 0f" },
  { name: "a quantity",                           schema: core.EmptyDirVolumeSource, object: { sizeLimit: "1Gi" }, wire: "12 05 0a 03 31 47 69" },
  { name: "a port by number",                     schema: core.TCPSocketAction, object: { port: 80 },              wire: "0a 04 08 00 10 50" },
  { name: "a port by name",                       schema: core.TCPSocketAction, object: { port: "web" },           wire: "0a 07 08 01 1a 03 77 65 62" },
  { name: "a map, by key",                        schema: ObjectMeta,      object: { labels: { a: "1", b: "" } },  wire: "5a 06 0a 01 61 12 01 31 5a 05 0a 01 62 12 00" },
  { name: "a map of bytes",                       schema: core.Secret,     object: { data: { k: "/wAB" } },        wire: "12 08 0a 01 6b 12 03 ff 00 01" },
  { name: "a message that JSON leaves out",       schema: core.Volume,     object: { emptyDir: {}, name: "v" },    wire: "0a 01 76 12 02 12 00" },
  { name: "a message that is empty",              schema: core.Namespace,  object: { spec: {} },                   wire: "12 00" },
  { name: "a list in a map",                      schema: Odd,             object: { extra: { a: ["x", "y"] } },   wire: "0a 0b 0a 01 61 12 06 0a 01 78 0a 01 79" },
  { name: "free JSON",                            schema: Odd,             object: { free: { a: [null] } },        wire: "12 0e 0a 0c 7b 22 61 22 3a 5b 6e 75 6c 6c 5d 7d" },
  { name: "a list of numbers",                    schema: Odd,             object: { numbers: [1, 0, 300] },       wire: "18 01 18 00 18 ac 02" },
  { name: "a double",                             schema: Odd,             object: { ratio: -0.5 },                wire: "21 00 00 00 00 00 00 e0 bf" },
  { name: "long text beyond ASCII",               schema: core.PodIP,      object: { ip: "ü".repeat(40) },         wire: `0a 50 ${"c3bc".repeat(40)}` },
];

for (const { name, schema, object, wire } of VALUES) {
  Deno.test(`protobuf: writes and reads ${name}`, () => {
    assert.equal(encodeProtobuf(schema, object).toHex(), wire.replaceAll(" ", ""));
    assert.deepEqual(decodeProtobuf(schema, fromHex(wire)), object);
  });
}

/** What may be read, and is written in another way. */
// deno-fmt-ignore
const READ: { name: string; schema: MessageSchema; wire: string; want: object }[] = [
  { name: "nothing",                               schema: core.Pod,  wire: "",                              want: {} },
  { name: "unknown fields of every wire type",     schema: core.PodIP, wire: "50 01 51 0000000000000000 52 01 00 53 55 00000000 53 54 54 55 00000000 0a 01 61", want: { ip: "a" } },
  { name: "numbers side by side in one field",     schema: Odd,       wire: "1a 04 01 00 ac 02",             want: { numbers: [1, 0, 300] } },
  { name: "a message in two parts",                schema: core.Pod,  wire: "0a 03 0a 01 61 0a 03 1a 01 62", want: { metadata: { name: "a", namespace: "b" } } },
  { name: "the last of two scalars",               schema: core.PodIP, wire: "0a 01 61 0a 01 62",            want: { ip: "b" } },
  { name: "a last one that is empty",              schema: core.PodIP, wire: "0a 01 61 0a 00",               want: {} },
  { name: "a map entry without a value",           schema: ObjectMeta, wire: "5a 03 0a 01 61",               want: { labels: { a: "" } } },
  { name: "a time that is not set",                schema: ObjectMeta, wire: "42 00",                        want: {} },
  { name: "a time with more than seconds",         schema: ObjectMeta, wire: "42 04 08 01 10 05",            want: { creationTimestamp: "1970-01-01T00:00:01Z" } },
  { name: "an amount that is not set",             schema: core.EmptyDirVolumeSource, wire: "12 00",         want: { sizeLimit: "0" } },
  { name: "free JSON that is not set",             schema: Odd,       wire: "12 00",                         want: {} },
];

for (const { name, schema, wire, want } of READ) {
  Deno.test(`protobuf: reads ${name}`, () => {
    assert.deepEqual(decodeProtobuf(schema, fromHex(wire)), want);
  });
}

Deno.test("protobuf: a key __proto__ is a key", () => {
  const object = JSON.parse('{"data":{"__proto__":"x"}}') as object;
  const { data } = decodeProtobuf(core.ConfigMap, encodeProtobuf(core.ConfigMap, object));
  assert.deepEqual(Object.keys(data as object), ["__proto__"]);
});

const UNREADABLE = "Cannot decode protobuf as";
// deno-fmt-ignore
const REFUSED: { name: string; schema: MessageSchema; wire: string; want: string }[] = [
  { name: "a message that ends too soon",    schema: core.Pod,   wire: "0a 05 0a 01",            want: `${UNREADABLE} v1.Pod: metadata: unexpected end of the message` },
  { name: "text beyond its message",         schema: core.Pod,   wire: "0a 02 0a 05 61 61 61 61 61", want: `${UNREADABLE} v1.Pod: metadata.name: unexpected end of the message` },
  { name: "a length without end",            schema: core.PodIP, wire: "0a ff ff ff ff ff ff ff ff ff 01", want: `${UNREADABLE} v1.PodIP: ip: unexpected end of the message` },
  { name: "a number without end",            schema: core.PodSpec, wire: "c8 01 ff ff ff ff ff ff ff ff ff ff 01", want: `${UNREADABLE} v1.PodSpec: priority: the number has more than 10 bytes` },
  { name: "field 0",                         schema: core.PodIP, wire: "02 00",                  want: `${UNREADABLE} v1.PodIP: illegal tag 2` },
  { name: "a wire type that is none",        schema: core.PodIP, wire: "57",                     want: `${UNREADABLE} v1.PodIP: illegal wire type 7` },
  { name: "a group that does not end",       schema: core.PodIP, wire: "53 53 54",               want: `${UNREADABLE} v1.PodIP: unexpected end of the message` },
  { name: "the wrong wire type",             schema: core.PodSpec, wire: "12 02 08 01",          want: `${UNREADABLE} v1.PodSpec: containers[0].name: wrong wire type 0, 2 is wanted` },
  { name: "what is no UTF-8",                schema: ObjectMeta, wire: "5a 06 0a 01 61 12 01 ff", want: `${UNREADABLE} v1.ObjectMeta: labels.a: the text is not valid UTF-8` },
  { name: "the second item",                 schema: core.Pod,   wire: "12 06 12 00 12 02 0a 01", want: `${UNREADABLE} v1.Pod: spec.containers[1].name: unexpected end of the message` },
  { name: "a number beyond JSON",            schema: core.PodSpec, wire: "28 ff ff ff ff ff ff ff 1f", want: `${UNREADABLE} v1.PodSpec: activeDeadlineSeconds: the number is larger than JSON can hold` },
  { name: "a time beyond the calendar",      schema: ObjectMeta, wire: "42 08 08 80 80 80 80 80 80 04", want: `${UNREADABLE} v1.ObjectMeta: creationTimestamp: 17592186044416 seconds are no time of the years 1 to 9999` },
  { name: "free JSON that is none",          schema: Odd,        wire: "12 03 0a 01 7b",         want: `${UNREADABLE} test.Odd: free: the bytes are no JSON` },
];

for (const { name, schema, wire, want } of REFUSED) {
  Deno.test(`protobuf: refuses ${name}`, () => {
    const decode = () => decodeProtobuf(schema, fromHex(wire));
    assert.throws(decode, { reason: "BadRequest", message: want });
  });
}

Deno.test("protobuf: nesting without end is refused", () => {
  const fields: Record<string, ReturnType<typeof optional>> = {};
  const Nest = test("Nest", fields);
  fields["inner"] = optional(1, Nest);
  let wire = new Uint8Array();
  for (let i = 0; i <= DEPTH_MAX; i++) wire = sealed(wire);
  const path = Array(DEPTH_MAX + 1).fill("inner").join(".");
  assert.throws(() => decodeProtobuf(Nest, wire), {
    message: `${UNREADABLE} test.Nest: ${path}: nested more than ${DEPTH_MAX} deep`,
  });
});

function sealed(inner: Uint8Array): Uint8Array<ArrayBuffer> {
  const { length } = inner;
  const head = length < 0x80 ? [0x0a, length] : [0x0a, length % 128 + 128, length >> 7];
  return Uint8Array.of(...head, ...inner);
}

// deno-fmt-ignore
const UNWRITABLE: { name: string; schema: MessageSchema; object: object; want: string }[] = [
  { name: "text where a list belongs",   schema: core.Pod,    object: { spec: { containers: "x" } },            want: "v1.Pod: spec.containers: a list is wanted" },
  { name: "a number where text belongs", schema: core.Pod,    object: { spec: { containers: [{ name: 1 }] } },  want: "v1.Pod: spec.containers[0].name: text is wanted, not number" },
  { name: "a fraction",                  schema: core.PodSpec, object: { priority: 0.5 },                       want: "v1.PodSpec: priority: a whole number is wanted, not number" },
  { name: "a list where a map belongs",  schema: ObjectMeta,  object: { labels: [] },                           want: "v1.ObjectMeta: labels: an object is wanted" },
  { name: "what is no base64",           schema: core.Secret, object: { data: { k: "?" } },                     want: "v1.Secret: data.k: base64 is wanted, not string" },
  { name: "what is no time",             schema: ObjectMeta,  object: { creationTimestamp: "today" },           want: 'v1.ObjectMeta: creationTimestamp: "today" is no time' },
];

for (const { name, schema, object, want } of UNWRITABLE) {
  Deno.test(`protobuf: does not write ${name}`, () => {
    const message = `Cannot encode protobuf as ${want}`;
    assert.throws(() => encodeProtobuf(schema, object), { reason: "InternalError", message });
  });
}

/** Pointers in Go: a zero is a value. The others: a zero is nothing. */
// deno-fmt-ignore
const PRESENCE: { schema: MessageSchema; kept: string[]; left: string[] }[] = [
  { schema: core.ReplicationControllerSpec,   kept: ["replicas"],                        left: ["minReadySeconds"] },
  { schema: core.ReplicationControllerStatus, kept: ["replicas"],                        left: ["readyReplicas", "observedGeneration"] },
  { schema: core.PodSpec,           kept: ["terminationGracePeriodSeconds", "automountServiceAccountToken", "enableServiceLinks", "priority", "runtimeClassName"], left: ["hostNetwork", "hostPID", "nodeName", "dnsPolicy"] },
  { schema: core.Container,         kept: ["name"],                                      left: ["stdin", "tty", "image", "terminationMessagePath"] },
  { schema: core.Probe,             kept: ["terminationGracePeriodSeconds"],             left: ["failureThreshold", "periodSeconds", "timeoutSeconds"] },
  { schema: core.ContainerPort,     kept: ["containerPort"],                             left: ["hostPort", "name", "protocol"] },
  { schema: core.ContainerStatus,   kept: ["ready", "restartCount", "started", "image"], left: ["containerID"] },
  { schema: core.SecurityContext,   kept: ["privileged", "runAsUser", "runAsNonRoot"],   left: [] },
  { schema: core.Toleration,        kept: ["tolerationSeconds"],                         left: ["key", "operator"] },
  { schema: core.VolumeMount,       kept: ["mountPath"],                                 left: ["readOnly", "subPath"] },
  { schema: core.AzureDiskVolumeSource, kept: ["readOnly"],                              left: [] },
  { schema: core.NFSVolumeSource,   kept: ["path"],                                      left: ["readOnly"] },
  { schema: core.ConfigMap,         kept: ["immutable"],                                 left: [] },
  { schema: core.ServiceSpec,       kept: ["allocateLoadBalancerNodePorts"],             left: ["publishNotReadyAddresses", "healthCheckNodePort", "clusterIP", "type"] },
  { schema: core.ServicePort,       kept: ["port"],                                      left: ["nodePort", "name"] },
  { schema: core.ClientIPConfig,    kept: ["timeoutSeconds"],                            left: [] },
  { schema: core.NodeSpec,          kept: [],                                            left: ["unschedulable", "podCIDR"] },
  { schema: core.PersistentVolumeClaimSpec, kept: ["storageClassName"],                  left: ["volumeName"] },
  { schema: core.Event,             kept: [],                                            left: ["count", "type", "reason"] },
  { schema: ObjectMeta,             kept: ["deletionGracePeriodSeconds"],                left: ["name", "namespace", "generation", "uid"] },
  { schema: DeleteOptions,          kept: ["gracePeriodSeconds", "orphanDependents"],    left: ["propagationPolicy"] },
];

for (const { schema, kept, left } of PRESENCE) {
  Deno.test(`protobuf: zeros that ${schema.name} keeps and leaves out`, () => {
    const keeps = (name: string) => keepsZero(schema, name, schema.fields[name]!);
    assert.deepEqual([kept.filter(keeps), left.filter(keeps)], [kept, []]);
  });
}

Deno.test("protobuf: an envelope opens as it was sealed", () => {
  const envelope = { apiVersion: "v1", kind: "PodIP", raw: fromHex("0a 01 61") };
  const sealed = sealEnvelope(envelope);
  const hex = "6b387300 0a0b 0a027631 1205506f644950 1203 0a0161 1a00 2200";
  assert.equal(sealed.toHex(), hex.replaceAll(" ", ""));
  assert.deepEqual(decodeEnvelope(sealed), envelope);
});

// deno-fmt-ignore
const ENVELOPES: { name: string; bytes: string; want: string }[] = [
  { name: "nothing",          bytes: "",                        want: "the bytes do not begin with k8s\\0" },
  { name: "JSON",             bytes: "7b7d",                    want: "the bytes do not begin with k8s\\0" },
  { name: "one that is cut",  bytes: "6b387300 0a0b 0a02",      want: "unexpected end of the message" },
  { name: "one that is coded", bytes: "6b387300 1a04 677a6970", want: 'contentEncoding "gzip" is unknown' },
];

for (const { name, bytes, want } of ENVELOPES) {
  Deno.test(`protobuf: refuses as an envelope ${name}`, () => {
    const message = `Cannot decode protobuf: ${want}`;
    assert.throws(() => decodeEnvelope(fromHex(bytes)), { reason: "BadRequest", message });
  });
}

Deno.test("protobuf: an event of a watch says its length first", () => {
  const wire = watchFrame("ADDED", fromHex("6b387300"));
  assert.equal(wire.toHex(), "0000000f" + "0a054144444544" + "1206" + "0a046b387300");
});
