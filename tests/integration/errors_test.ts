import assert from "node:assert/strict";
import { configMaps } from "../../api/registry/configmaps.ts";
import type { AnyKind } from "../../api/registry/kind.ts";
import { KINDS } from "../../api/registry/kinds.ts";
import { type Json, podNamed, startApi } from "./harness.ts";

const NS = "/api/v1/namespaces/default";
const PODS = `${NS}/pods`;

interface Case {
  readonly name: string;
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
  readonly code: number;
  readonly reason: string;
  readonly message?: string | RegExp;
}

const NOT_FOUND = "the server could not find the requested resource";
const POST = { method: "POST", path: PODS };
const badPod = { ...podNamed("web"), spec: { containers: [{ name: "a", image: "x", foo: 1 }] } };

const CASES: readonly Case[] = [
  { name: "no JSON", ...POST, body: "{", code: 400, reason: "BadRequest" },
  { name: "no object", ...POST, body: "[]", code: 400, reason: "BadRequest" },
  { name: "another kind", ...POST, body: { kind: "Node" }, code: 400, reason: "BadRequest" },
  { name: "another version", ...POST, body: { apiVersion: "v2" }, code: 400, reason: "BadRequest" },
  {
    name: "an unknown field, strictly",
    method: "POST",
    path: `${PODS}?fieldValidation=Strict`,
    body: badPod,
    code: 400,
    reason: "BadRequest",
    message:
      'Pod in version "v1" cannot be handled as a Pod: strict decoding error: unknown field "spec.containers[0].foo"',
  },
  {
    name: "a name that differs from the path",
    method: "PUT",
    path: `${PODS}/there`,
    body: podNamed("other"),
    code: 400,
    reason: "BadRequest",
    message: "the name of the object (other) does not match the name on the URL (there)",
  },
  {
    name: "a namespace that differs from the path",
    ...POST,
    body: podNamed("web", { metadata: { name: "web", namespace: "kube-system" } }),
    code: 400,
    reason: "BadRequest",
  },
  {
    name: "a wrong label selector",
    path: `${PODS}?labelSelector=a%3D%3D%3D`,
    code: 400,
    reason: "BadRequest",
  },
  {
    name: "a field that can't be selected",
    path: `${PODS}?fieldSelector=spec.foo%3D1`,
    code: 400,
    reason: "BadRequest",
    message: "field label not supported: spec.foo",
  },
  { name: "a wrong limit", path: `${PODS}?limit=many`, code: 400, reason: "BadRequest" },
  { name: "a wrong token", path: `${PODS}?continue=x`, code: 400, reason: "BadRequest" },
  {
    name: "no credentials",
    path: PODS,
    headers: { authorization: "" },
    code: 401,
    reason: "Unauthorized",
  },
  {
    name: "a wrong token of a bearer",
    path: PODS,
    headers: { authorization: "Bearer nope" },
    code: 401,
    reason: "Unauthorized",
  },
  {
    name: "a user without rights",
    path: `${PODS}/web`,
    headers: { "impersonate-user": "jane" },
    code: 403,
    reason: "Forbidden",
    message:
      'pods "web" is forbidden: User "jane" cannot get resource "pods" in API group "" in the namespace "default"',
  },
  {
    name: "a missing object",
    path: `${PODS}/no`,
    code: 404,
    reason: "NotFound",
    message: 'pods "no" not found',
  },
  {
    name: "an unknown resource",
    path: `${NS}/foos`,
    code: 404,
    reason: "NotFound",
    message: NOT_FOUND,
  },
  {
    name: "an unknown group",
    path: "/apis/x.y/v1/z",
    code: 404,
    reason: "NotFound",
    message: NOT_FOUND,
  },
  { name: "an unknown path", path: "/nowhere", code: 404, reason: "NotFound", message: NOT_FOUND },
  { name: "an unknown subresource", path: `${PODS}/there/foo`, code: 404, reason: "NotFound" },
  { name: "a kind without namespace in one", path: `${NS}/nodes`, code: 404, reason: "NotFound" },
  {
    name: "a namespace that is not there",
    method: "POST",
    path: "/api/v1/namespaces/nope/pods",
    body: podNamed("web"),
    code: 404,
    reason: "NotFound",
    message: 'namespaces "nope" not found',
  },
  { name: "PUT on a collection", method: "PUT", path: PODS, code: 405, reason: "MethodNotAllowed" },
  {
    name: "POST on an object",
    method: "POST",
    path: `${PODS}/there`,
    code: 405,
    reason: "MethodNotAllowed",
  },
  {
    name: "POST to all namespaces",
    method: "POST",
    path: "/api/v1/pods",
    code: 405,
    reason: "MethodNotAllowed",
  },
  {
    name: "an unknown method",
    method: "PROPFIND",
    path: PODS,
    code: 405,
    reason: "MethodNotAllowed",
  },
  {
    name: "a form that is not spoken",
    path: PODS,
    headers: { accept: "text/html" },
    code: 406,
    reason: "NotAcceptable",
  },
  {
    name: "a name that is taken",
    ...POST,
    body: podNamed("there"),
    code: 409,
    reason: "AlreadyExists",
    message: 'pods "there" already exists',
  },
  {
    name: "a body that is too large",
    ...POST,
    body: JSON.stringify(podNamed("web", { pad: "x".repeat(3 * 1024 * 1024) })),
    code: 413,
    reason: "RequestEntityTooLarge",
  },
  {
    name: "a body in a form that is not read",
    ...POST,
    body: "k8s",
    headers: { "content-type": "application/cbor" },
    code: 415,
    reason: "UnsupportedMediaType",
  },
  {
    name: "a body that says it is protobuf and is not",
    ...POST,
    body: "k8s",
    headers: { "content-type": "application/vnd.kubernetes.protobuf" },
    code: 400,
    reason: "BadRequest",
  },
  {
    name: "server-side apply without a field manager",
    method: "PATCH",
    path: `${PODS}/there`,
    body: "{}",
    headers: { "content-type": "application/apply-patch+yaml" },
    code: 422,
    reason: "Invalid",
  },
  {
    name: "a wrong dryRun",
    method: "POST",
    path: `${PODS}?dryRun=Some`,
    body: podNamed("web"),
    code: 422,
    reason: "Invalid",
    message: /dryRun: Unsupported value: "Some": supported values: "All"$/,
  },
  {
    name: "an agent when there is none",
    path: `${PODS}/bound/log`,
    code: 503,
    reason: "ServiceUnavailable",
  },
  {
    name: "an apiVersion that is no text",
    method: "POST",
    path: PODS,
    body: { ...podNamed("web"), apiVersion: { toString: 1 } },
    code: 400,
    reason: "BadRequest",
    message: /apiVersion must be a string$/,
  },
  {
    name: "a kind that is no text",
    method: "PUT",
    path: `${PODS}/there`,
    body: { ...podNamed("there"), kind: { toString: 1 } },
    code: 400,
    reason: "BadRequest",
    message: /kind must be a string$/,
  },
  {
    name: "a JSON patch into a number",
    method: "PATCH",
    path: `${PODS}/there`,
    body: [{ op: "replace", path: "", value: 1 }, { op: "add", path: "/spec", value: 1 }],
    headers: { "content-type": "application/json-patch+json" },
    code: 422,
    reason: "Invalid",
    message: /JSON patch operation 1 \(add \/spec\): path is missing$/,
  },
  {
    name: "a version that is yet to come",
    path: `${PODS}?resourceVersion=99999`,
    code: 504,
    reason: "Timeout",
  },
];

for (const { name, method = "GET", path, body, headers, code, reason, message } of CASES) {
  Deno.test(`errors: ${name} is ${code} ${reason}`, async () => {
    await using api = await startApi();
    await api.call("POST", PODS, podNamed("there"));
    await api.call("POST", PODS, podNamed("bound"));
    await api.call("POST", "/api/v1/nodes", { metadata: { name: "n1" } });
    await api.call("POST", `${PODS}/bound/binding`, { target: { name: "n1" } });
    const answer = await api.call(method, path, body, headers);
    assert.deepEqual(
      [answer.code, answer.body.reason],
      [code, reason],
      JSON.stringify(answer.body),
    );
    const { kind, apiVersion, status } = answer.body;
    assert.deepEqual([kind, apiVersion, status], ["Status", "v1", "Failure"]);
    assert.equal(answer.body.code, code);
    if (typeof message === "string") assert.equal(answer.body.message, message);
    if (message instanceof RegExp) assert.match(answer.body.message, message);
  });
}

Deno.test("errors: a manifest is told everything that is wrong with it, and nothing is stored", async () => {
  await using api = await startApi();
  const manifest = {
    metadata: { name: "Bad_Name" },
    spec: {
      foo: 1,
      terminationGracePeriodSeconds: "soon",
      containers: [{ name: "a" }, { name: "a", image: "x" }],
    },
  };
  const { code, body } = await api.call("POST", `${PODS}?fieldValidation=Strict`, manifest);
  assert.deepEqual([code, body.reason, body.details.kind], [422, "Invalid", "Pod"]);
  const causes = body.details.causes.map(({ field, reason }: Record<string, string>) =>
    `${field} ${reason}`
  );
  assert.deepEqual(causes, [
    "spec.terminationGracePeriodSeconds FieldValueInvalid",
    "spec.foo FieldValueInvalid",
    "metadata.name FieldValueInvalid",
    "spec.containers[0].image FieldValueRequired",
    "spec.containers[1].name FieldValueDuplicate",
  ]);
  assert.deepEqual((await api.call("GET", PODS)).body.items, []);
});

Deno.test("errors: unknown fields are warnings by default, and nothing when they are ignored", async () => {
  await using api = await startApi();
  const warned = await api.call("POST", PODS, badPod);
  assert.equal(warned.headers.get("warning"), '299 - "unknown field \\"spec.containers[0].foo\\""');
  const ignored = await api.call("PUT", `${PODS}/web?fieldValidation=Ignore`, badPod);
  assert.deepEqual([ignored.code, ignored.headers.get("warning")], [200, null]);
});

Deno.test("errors: a mistake of ours is an InternalError that tells nothing", async () => {
  const broken: AnyKind = {
    ...configMaps,
    validate() {
      throw new TypeError("secret detail");
    },
  };
  const logged: unknown[] = [];
  const kinds = KINDS.map((kind) => kind === configMaps ? broken : kind);
  await using api = await startApi({ kinds, log: (message) => logged.push(message) });
  const answer = await api.call("POST", `${NS}/configmaps`, { metadata: { name: "a" } });
  assert.deepEqual([answer.code, answer.body.reason], [500, "InternalError"]);
  assert.ok(!JSON.stringify(answer.body).includes("secret detail"));
  assert.deepEqual(logged, ["A request failed"]);
});

Deno.test("errors: a time that may not change does not, another uid is a Conflict", async () => {
  await using api = await startApi();
  const { body: pod } = await api.call("POST", PODS, podNamed("web"));
  const put = (metadata: object) =>
    api.call("PUT", `${PODS}/web`, { ...pod, metadata: { ...pod.metadata, ...metadata } });
  const moved = await put({ creationTimestamp: "2001-01-01T00:00:00Z" });
  assert.deepEqual([moved.code, moved.body], [200, pod]);
  const ended = await put({ deletionTimestamp: "2001-01-01T00:00:00Z" });
  assert.deepEqual([ended.code, ended.body.details.causes[0].field], [
    422,
    "metadata.deletionTimestamp",
  ]);
  assert.equal((await put({ uid: "other" })).body.reason, "Conflict");
});

const META_CHANGES: { name: string; metadata: Json; code: number; cause: RegExp }[] = [
  {
    name: "more grace",
    metadata: { deletionGracePeriodSeconds: 60 },
    code: 422,
    cause: /^metadata\.deletionGracePeriodSeconds: Invalid value: .*field is immutable$/,
  },
  {
    name: "a new finalizer while it is going",
    metadata: { finalizers: ["x/y", "x/z"] },
    code: 422,
    cause:
      /^metadata\.finalizers: Forbidden: no new finalizers can be added .*\[\]string\{"x\/z"\}$/,
  },
  {
    name: "two ways to go",
    metadata: { finalizers: ["orphan", "foregroundDeletion"] },
    code: 422,
    cause: /finalizer orphan and foregroundDeletion cannot be both set/,
  },
];

for (const { name, metadata, code, cause } of META_CHANGES) {
  Deno.test(`errors: an object that is going, ${name}`, async () => {
    await using api = await startApi();
    await api.call("POST", `${NS}/configmaps`, { metadata: { name: "a", finalizers: ["x/y"] } });
    const { body: old } = await api.call("DELETE", `${NS}/configmaps/a`);
    const next = { ...old, metadata: { ...old.metadata, ...metadata } };
    const answer = await api.call("PUT", `${NS}/configmaps/a`, next);
    assert.equal(answer.code, code, JSON.stringify(answer.body));
    const causes = answer.body.details.causes as { field: string; message: string }[];
    assert.ok(
      causes.some(({ field, message }) => cause.test(`${field}: ${message}`)),
      JSON.stringify(causes),
    );
  });
}

Deno.test("errors: a warning of any text is a header, and very many are cut short", async () => {
  await using api = await startApi();
  const wrong = { ...podNamed("a"), "a\ufeff\u007fü": 1 };
  const { code, headers } = await api.call("POST", PODS, wrong);
  const bytes = Uint8Array.from(headers.get("warning") ?? "", (byte) => byte.charCodeAt(0));
  const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
  assert.deepEqual([code, text], [201, '299 - "unknown field \\"a\ufeff?ü\\""']);
  const many = Object.fromEntries(Array.from({ length: 5_000 }, (_, i) => [`unknown${i}`, 1]));
  const cut = await api.call("POST", PODS, { ...podNamed("b"), ...many });
  assert.equal(cut.code, 201);
  assert.ok((cut.headers.get("warning") ?? "").length < 8_192);
});
