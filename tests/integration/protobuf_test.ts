import assert from "node:assert/strict";
import { Scale } from "../../api/types/autoscaling_v1.ts";
import {
  Binding,
  ConfigMap,
  Namespace,
  Pod,
  ReplicationController,
} from "../../api/types/core_v1.ts";
import { DeleteOptions, ListMeta } from "../../api/types/meta.ts";
import {
  decodeEnvelope,
  decodeProtobuf,
  encodeProtobuf,
  sealEnvelope,
} from "../../api/types/protobuf.ts";
import {
  bytes,
  list,
  type MessageSchema,
  messagesOf,
  optional,
  string,
} from "../../api/types/schema.ts";
import { PartialObjectMetadata } from "../../api/http/partial.ts";
import { Status } from "../../api/http/openapi_messages.ts";
import { ADMIN_TOKEN, type Harness, podNamed, startApi } from "./harness.ts";

const PROTOBUF = "application/vnd.kubernetes.protobuf";
const CONFIG_MAPS = "/api/v1/namespaces/default/configmaps";
const PODS = "/api/v1/namespaces/default/pods";
const CONTROLLERS = "/api/v1/namespaces/default/replicationcontrollers";

interface Sent {
  readonly schema: MessageSchema;
  readonly object: { apiVersion: string; kind: string };
}

/** As a client that speaks protobuf alone. */
async function send(
  { api }: Harness,
  method: string,
  path: string,
  sent?: Sent,
  accept = PROTOBUF,
) {
  const body = sent && sealed(sent);
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, accept, "content-type": PROTOBUF };
  const request = new Request(`http://api${path}`, { method, headers, ...(body && { body }) });
  const response = await api.fetch(request);
  return { code: response.status, response, type: response.headers.get("content-type") };
}

function sealed({ schema, object }: Sent): Uint8Array<ArrayBuffer> {
  const { apiVersion, kind } = object;
  const raw = encodeProtobuf(schema, object);
  return sealEnvelope({ apiVersion, kind, raw }) as Uint8Array<ArrayBuffer>;
}

// deno-lint-ignore no-explicit-any -- tests read objects of every shape
async function opened(response: Response, schema: MessageSchema): Promise<any> {
  const { apiVersion, kind, raw } = decodeEnvelope(await response.bytes());
  return { apiVersion, kind, ...decodeProtobuf(schema, raw) };
}

const configMap = (name: string, data = {}) => ({
  schema: ConfigMap,
  object: { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data },
});

const listOf = (item: MessageSchema) =>
  messagesOf("test")("List", { metadata: optional(1, ListMeta), items: optional(2, list(item)) });

Deno.test("protobuf: an object is created, read, updated, patched and deleted", async () => {
  await using api = await startApi();
  const created = await send(api, "POST", CONFIG_MAPS, configMap("a", { k: "Grüße" }));
  assert.deepEqual([created.code, created.type], [201, PROTOBUF]);
  const { metadata, ...rest } = await opened(created.response, ConfigMap);
  assert.deepEqual(rest, { apiVersion: "v1", kind: "ConfigMap", data: { k: "Grüße" } });

  const read = await send(api, "GET", `${CONFIG_MAPS}/a`);
  assert.deepEqual(await opened(read.response, ConfigMap), { metadata, ...rest });
  const { body } = await api.call("GET", `${CONFIG_MAPS}/a`);
  assert.deepEqual(body, { metadata, ...rest });

  const put = await send(api, "PUT", `${CONFIG_MAPS}/a`, configMap("a", { k: "2" }));
  assert.deepEqual((await opened(put.response, ConfigMap)).data, { k: "2" });
  const patched = await api.call("PATCH", `${CONFIG_MAPS}/a`, { data: { l: "3" } }, {
    "content-type": "application/merge-patch+json",
    accept: PROTOBUF,
  });
  assert.equal(patched.headers.get("content-type"), PROTOBUF);

  const options = { apiVersion: "v1", kind: "DeleteOptions", preconditions: { uid: "other" } };
  const refused = await send(api, "DELETE", `${CONFIG_MAPS}/a`, {
    schema: DeleteOptions,
    object: options,
  });
  assert.equal(refused.code, 409);
  const deleted = await send(api, "DELETE", `${CONFIG_MAPS}/a`);
  const { kind, status, details } = await opened(deleted.response, Status);
  assert.deepEqual([kind, status, details.name], ["Status", "Success", "a"]);
});

Deno.test("protobuf: what kubectl create namespace sends", async () => {
  await using api = await startApi();
  const body = Uint8Array.fromBase64(
    "azhzAAoPCgJ2MRIJTmFtZXNwYWNlEh4KFgoGZ29sZGVuEgAaACIAKgAyADgAQgASABoCCgAaACIA",
  );
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": PROTOBUF };
  const request = new Request("http://api/api/v1/namespaces", { method: "POST", headers, body });
  const response = await api.api.fetch(request);
  assert.equal(response.headers.get("content-type"), "application/json");
  assert.equal((await response.json()).status.phase, "Active");
  const read = await send(api, "GET", "/api/v1/namespaces/golden");
  assert.deepEqual((await opened(read.response, Namespace)).spec, { finalizers: ["kubernetes"] });
});

Deno.test("protobuf: refusals are Status, with every cause", async () => {
  await using api = await startApi();
  const pod = { apiVersion: "v1", kind: "Pod", metadata: { name: "Web" }, spec: {} };
  const { code, type, response } = await send(api, "POST", PODS, { schema: Pod, object: pod });
  assert.deepEqual([code, type], [422, PROTOBUF]);
  const { kind, reason, details } = await opened(response, Status);
  assert.deepEqual([kind, reason], ["Status", "Invalid"]);
  const fields = details.causes.map(({ field }: { field: string }) => field);
  assert.deepEqual(fields, ["metadata.name", "spec.containers"]);
});

Deno.test("protobuf: an object of another kind is refused by name", async () => {
  await using api = await startApi();
  const { code, response } = await send(api, "POST", PODS, configMap("a"));
  assert.equal(code, 400);
  const { message } = await opened(response, Status);
  assert.match(message, /^ConfigMap in version "v1" cannot be handled as a Pod/);
});

Deno.test("protobuf: a wrong field is named", async () => {
  await using api = await startApi();
  const raw = Uint8Array.fromHex("0a020801");
  const body = sealEnvelope({ apiVersion: "v1", kind: "ConfigMap", raw });
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": PROTOBUF };
  const answer = await api.api.fetch(
    new Request(`http://api${CONFIG_MAPS}`, {
      method: "POST",
      headers,
      body: body as Uint8Array<ArrayBuffer>,
    }),
  );
  const { code, message } = await answer.json();
  const want = "Cannot decode protobuf as v1.ConfigMap: " +
    "metadata.name: wrong wire type 0, 2 is wanted";
  assert.deepEqual([code, message], [400, want]);
});

Deno.test("protobuf: a replication controller of no pods stays one, and its scale is answered", async () => {
  await using api = await startApi();
  const template = {
    metadata: { labels: { a: "b" } },
    spec: { containers: [{ name: "a", image: "nginx" }] },
  };
  const object = {
    apiVersion: "v1",
    kind: "ReplicationController",
    metadata: { name: "web" },
    spec: { replicas: 0, template },
  };
  await send(api, "POST", CONTROLLERS, { schema: ReplicationController, object });
  const { body } = await api.call("GET", `${CONTROLLERS}/web`);
  assert.equal(body.spec.replicas, 0);

  const scale = {
    apiVersion: "autoscaling/v1",
    kind: "Scale",
    metadata: { name: "web" },
    spec: { replicas: 3 },
  };
  const put = await send(api, "PUT", `${CONTROLLERS}/web/scale`, { schema: Scale, object: scale });
  assert.deepEqual([put.code, put.type], [200, PROTOBUF]);
  const { kind, spec } = await opened(put.response, Scale);
  assert.deepEqual([kind, spec], ["Scale", { replicas: 3 }]);
  const read = await send(api, "GET", `${CONTROLLERS}/web/scale`);
  assert.deepEqual((await opened(read.response, Scale)).spec, { replicas: 3 });
});

Deno.test("protobuf: a pod is bound", async () => {
  await using api = await startApi();
  await api.call("POST", "/api/v1/nodes", { metadata: { name: "n1" } });
  await api.call("POST", PODS, podNamed("web"));
  const binding = {
    apiVersion: "v1",
    kind: "Binding",
    metadata: { name: "web" },
    target: { kind: "Node", name: "n1" },
  };
  const bound = await send(api, "POST", `${PODS}/web/binding`, {
    schema: Binding,
    object: binding,
  });
  assert.equal((await opened(bound.response, Status)).status, "Success");
  const { body } = await api.call("GET", `${PODS}/web`);
  assert.equal(body.spec.nodeName, "n1");
});

Deno.test("protobuf: lists come whole, in pages, and as metadata alone", async () => {
  await using api = await startApi();
  for (const name of ["a", "b", "c"]) {
    await api.call("POST", CONFIG_MAPS, { metadata: { name }, data: { name } });
  }
  const page = await send(api, "GET", `${CONFIG_MAPS}?limit=2`);
  const { apiVersion, kind, metadata, items } = await opened(page.response, listOf(ConfigMap));
  assert.deepEqual([apiVersion, kind, metadata.remainingItemCount], ["v1", "ConfigMapList", 1]);
  assert.deepEqual(items.map(({ data }: { data: object }) => data), [{ name: "a" }, { name: "b" }]);

  const accept = `${PROTOBUF};as=PartialObjectMetadataList;g=meta.k8s.io;v=v1`;
  const bare = await send(api, "GET", CONFIG_MAPS, undefined, accept);
  const partial = await opened(bare.response, listOf(PartialObjectMetadata));
  assert.equal(partial.kind, "PartialObjectMetadataList");
  const names = partial.items.map(({ metadata }: { metadata: { name: string } }) => metadata.name);
  assert.deepEqual(names, ["a", "b", "c"]);
  assert.deepEqual(Object.keys(partial.items[0]), ["metadata"]);
});

const WatchEvent = messagesOf("test")("WatchEvent", {
  type: optional(1, string),
  object: optional(2, messagesOf("test")("RawExtension", { raw: optional(1, bytes) })),
});

Deno.test("protobuf: a watch sends each event with its length before it", async () => {
  await using api = await startApi();
  await api.call("POST", CONFIG_MAPS, { metadata: { name: "a" } });
  const path = `${CONFIG_MAPS}?watch=true&sendInitialEvents=true&allowWatchBookmarks=true` +
    "&resourceVersionMatch=NotOlderThan";
  const { type, response } = await send(api, "GET", path);
  assert.equal(type, `${PROTOBUF};stream=watch`);
  const frames = framesOf(response.body!);
  assert.equal(await next(frames), "ADDED a");
  assert.equal(await next(frames), "BOOKMARK undefined");
  await api.call("DELETE", `${CONFIG_MAPS}/a`);
  assert.equal(await next(frames), "DELETED a");
  await frames.return?.();
});

Deno.test("protobuf: a watch from a revision that is to come ends with a Status", async () => {
  await using api = await startApi();
  const path = `${CONFIG_MAPS}?watch=true&resourceVersion=99999`;
  const { response } = await send(api, "GET", path);
  const frames = framesOf(response.body!);
  const { type, kind, raw } = eventIn((await frames.next()).value!);
  assert.deepEqual([type, kind], ["ERROR", "Status"]);
  assert.equal(decodeProtobuf(Status, raw)["reason"], "Expired");
  assert.equal((await frames.next()).done, true);
});

async function next(frames: AsyncIterator<Uint8Array, void>): Promise<string> {
  const { type, raw } = eventIn((await frames.next()).value!);
  const { metadata } = decodeProtobuf(ConfigMap, raw) as { metadata: { name?: string } };
  return `${type} ${metadata.name}`;
}

function eventIn(frame: Uint8Array) {
  const { type, object } = decodeProtobuf(WatchEvent, frame) as {
    type: string;
    object: { raw: string };
  };
  return { type, ...decodeEnvelope(Uint8Array.fromBase64(object.raw)) };
}

/** Each has four bytes of length before it. */
async function* framesOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let rest = new Uint8Array();
  for await (const chunk of body) {
    rest = Uint8Array.of(...rest, ...chunk);
    while (rest.length >= 4) {
      const end = 4 + new DataView(rest.buffer, rest.byteOffset).getUint32(0);
      if (rest.length < end) break;
      yield rest.subarray(4, end);
      rest = rest.subarray(end);
    }
  }
}
