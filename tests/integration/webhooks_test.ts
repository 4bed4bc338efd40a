import assert from "node:assert/strict";
import type { WebhookTransport } from "../../api/admission/webhook_transport.ts";
import { type Harness, type Json, podNamed, startApi } from "./harness.ts";

const GROUP = "/apis/admissionregistration.k8s.io/v1";
const MUTATING = `${GROUP}/mutatingwebhookconfigurations`;
const VALIDATING = `${GROUP}/validatingwebhookconfigurations`;
const PODS = "/api/v1/namespaces/default/pods";

/** What a webhook is asked, and what it answers. */
// deno-lint-ignore no-explicit-any -- webhooks read JSON of every shape
type Hook = (request: any) => Json | Promise<Json>;

/** Webhooks by the first segment of their paths, in this process. */
function callOf(hooks: Record<string, Hook>, asked: string[] = []): WebhookTransport {
  return async ({ path, body }) => {
    const name = path.slice(1, path.indexOf("?"));
    const { request } = JSON.parse(body);
    asked.push(`${name} ${request.operation} ${request.name}`);
    const answer = await hooks[name]!(request);
    const review = {
      apiVersion: "admission.k8s.io/v1",
      kind: "AdmissionReview",
      response: { uid: request.uid, allowed: true, ...answer },
    };
    return { status: 200, body: new TextEncoder().encode(JSON.stringify(review)) };
  };
}

function webhook(name: string, more: Json = {}): Json {
  return {
    name: `${name}.example.com`,
    admissionReviewVersions: ["v1"],
    sideEffects: "None",
    clientConfig: { url: `https://192.0.2.9/${name}` },
    rules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["pods"], operations: ["*"] }],
    ...more,
  };
}

async function configure({ call }: Harness, path: string, ...webhooks: Json[]): Promise<void> {
  const kind = path === MUTATING
    ? "MutatingWebhookConfiguration"
    : "ValidatingWebhookConfiguration";
  const apiVersion = "admissionregistration.k8s.io/v1";
  const { code, body } = await call("POST", path, {
    apiVersion,
    kind,
    metadata: { name: "hooks" },
    webhooks,
  });
  assert.equal(code, 201, body.message);
}

const patched = (...operations: Json[]): Json => ({
  patchType: "JSONPatch",
  patch: btoa(JSON.stringify(operations)),
});

const labelled = (name: string): Json =>
  patched({ op: "add", path: "/metadata/labels", value: { [name]: "yes" } });

const deny: Hook = () => ({ allowed: false, status: { message: "no", code: 403 } });

Deno.test("webhooks: one changes a new pod and warns, and what it makes is validated", async () => {
  const callWebhook = callOf({ label: () => ({ ...labelled("seen"), warnings: ["old image"] }) });
  await using api = await startApi({ callWebhook });
  await configure(api, MUTATING, webhook("label"));
  const { code, body, headers } = await api.call("POST", PODS, podNamed("a"));
  assert.deepEqual([code, body.metadata.labels], [201, { seen: "yes" }]);
  assert.equal(headers.get("warning"), '299 - "old image"');
  const wrong = callOf({
    label: () => patched({ op: "replace", path: "/spec/containers/0/name", value: "No_Name" }),
  });
  await using other = await startApi({ callWebhook: wrong });
  await configure(other, MUTATING, webhook("label"));
  const refused = await other.call("POST", PODS, podNamed("a"));
  assert.equal(refused.code, 422);
});

Deno.test("webhooks: updates, views and deletions are shown with what was there", async () => {
  const seen: Json[] = [];
  const keep: Hook = ({ operation, object, oldObject, subResource = "", dryRun }) => {
    const labels = (one: { metadata?: Json } | null) => one?.metadata?.["labels"] ?? null;
    seen.push({ operation, subResource, dryRun, next: labels(object), old: labels(oldObject) });
    return operation === "UPDATE" && subResource === "" ? labelled("seen") : {};
  };
  await using api = await startApi({ callWebhook: callOf({ keep }) });
  await configure(
    api,
    MUTATING,
    webhook("keep", {
      rules: [{ apiGroups: ["*"], apiVersions: ["*"], resources: ["pods/*"], operations: ["*"] }],
    }),
  );
  await api.call("POST", PODS, podNamed("a"));
  const merge = { "content-type": "application/merge-patch+json" };
  const labels = (value: string) => ({ metadata: { labels: { x: value } } });
  const { body } = await api.call("PATCH", `${PODS}/a`, labels("1"), merge);
  assert.deepEqual(body.metadata.labels, { seen: "yes" });
  await api.call("PATCH", `${PODS}/a/status`, { status: { phase: "Running" } }, merge);
  await api.call("DELETE", `${PODS}/a?gracePeriodSeconds=0&dryRun=All`);
  const yes = { seen: "yes" };
  assert.deepEqual(seen, [
    { operation: "CREATE", subResource: "", dryRun: false, next: null, old: null },
    { operation: "UPDATE", subResource: "", dryRun: false, next: { x: "1" }, old: null },
    { operation: "UPDATE", subResource: "status", dryRun: false, next: yes, old: yes },
    { operation: "DELETE", subResource: "", dryRun: true, next: null, old: yes },
  ]);
});

Deno.test("webhooks: one that is overtaken is asked again about what is there now", async () => {
  let inner: (() => Promise<unknown>) | undefined;
  const slow: Hook = async ({ oldObject }) => {
    const now = inner;
    inner = undefined;
    await now?.();
    return { warnings: [String(oldObject?.metadata.labels?.x)] };
  };
  await using api = await startApi({ callWebhook: callOf({ slow }) });
  await api.call("POST", PODS, podNamed("a", { metadata: { name: "a", labels: { x: "0" } } }));
  await configure(api, VALIDATING, webhook("slow"));
  const merge = { "content-type": "application/merge-patch+json" };
  const patch = (labels: Json) => api.call("PATCH", `${PODS}/a`, { metadata: { labels } }, merge);
  inner = () => patch({ x: "1" });
  const { body, headers } = await patch({ y: "2" });
  assert.deepEqual(body.metadata.labels, { x: "1", y: "2" });
  assert.equal(headers.get("warning"), '299 - "1"');
});

Deno.test("webhooks: one that wants it is asked again when a later one has changed the object", async () => {
  const asked: string[] = [];
  const hooks = { first: () => ({}), never: () => ({}), last: () => labelled("seen") };
  await using api = await startApi({ callWebhook: callOf(hooks, asked) });
  const first = webhook("first", { reinvocationPolicy: "IfNeeded" });
  await configure(api, MUTATING, first, webhook("never"), webhook("last"));
  await api.call("POST", PODS, podNamed("a"));
  assert.deepEqual(asked, ["first CREATE a", "never CREATE a", "last CREATE a", "first CREATE a"]);
});

// deno-fmt-ignore
const SELECTED: { name: string; more: Json; pod?: Json; want: number }[] = [
  { name: "its rules", more: { rules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["pods"], operations: ["UPDATE"] }] }, want: 201 },
  { name: "the scope", more: { rules: [{ apiGroups: [""], apiVersions: ["v1"], resources: ["*"], operations: ["*"], scope: "Cluster" }] }, want: 201 },
  { name: "labels of the namespace", more: { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "default" } } }, want: 403 },
  { name: "labels of another namespace", more: { namespaceSelector: { matchLabels: { team: "a" } } }, want: 201 },
  { name: "labels of the object", more: { objectSelector: { matchLabels: { app: "a" } } }, want: 201 },
  { name: "labels that match", more: { objectSelector: { matchLabels: { app: "a" } } }, pod: { metadata: { name: "a", labels: { app: "a" } } }, want: 403 },
];

for (const { name, more, pod = {}, want } of SELECTED) {
  Deno.test(`webhooks: are chosen by ${name}`, async () => {
    await using api = await startApi({ callWebhook: callOf({ deny }) });
    await configure(api, VALIDATING, webhook("deny", more));
    assert.equal((await api.call("POST", PODS, podNamed("a", pod))).code, want);
  });
}

const never = new Promise<Json>(() => {});

// deno-fmt-ignore
const ANSWERS: { name: string; hook: Hook; more?: Json; want: [number, string, string | undefined] }[] = [
  { name: "a no", hook: deny,
    want: [403, 'admission webhook "x.example.com" denied the request: no', undefined] },
  { name: "a no without a word", hook: () => ({ allowed: false }),
    want: [400, 'admission webhook "x.example.com" denied the request without explanation', undefined] },
  { name: "a no with a reason alone", hook: () => ({ allowed: false, status: { reason: "Forbidden", code: 403 } }),
    want: [403, 'admission webhook "x.example.com" denied the request: Forbidden', "Forbidden"] },
  { name: "an answer to something else", hook: () => ({ uid: "other" }),
    want: [500, /^Internal error occurred: failed calling webhook "x.example.com": received invalid webhook response: expected response.uid="[^"]+", got "other"$/.source, "InternalError"] },
  { name: "no answer", hook: () => never, more: { timeoutSeconds: 1 },
    want: [500, 'Internal error occurred: failed calling webhook "x.example.com": failed to call webhook: Post "https://192.0.2.9/x?timeout=1s": context deadline exceeded', "InternalError"] },
  { name: "a failure that may be", hook: () => { throw new Error("gone"); }, more: { failurePolicy: "Ignore" },
    want: [201, "", undefined] },
  { name: "a patch that does not fit", hook: () => patched({ op: "remove", path: "/spec/nothing" }),
    want: [500, "Internal error occurred: ", "InternalError"] },
];

for (const { name, hook, more = {}, want: [code, message, reason] } of ANSWERS) {
  Deno.test(`webhooks: ${name}`, async () => {
    await using api = await startApi({ callWebhook: callOf({ x: hook }) });
    await configure(api, MUTATING, webhook("x", more));
    const answer = await api.call("POST", PODS, podNamed("a"));
    assert.equal(answer.code, code, answer.body.message);
    if (code === 201) return;
    assert.equal(answer.body.reason, reason);
    const said: string = answer.body.message;
    assert.ok(said.startsWith(message) || new RegExp(message).test(said), said);
  });
}

Deno.test("webhooks: their own configurations are out of their reach", async () => {
  await using api = await startApi({ callWebhook: callOf({ deny }) });
  const rules = [{ apiGroups: ["*"], apiVersions: ["*"], resources: ["*/*"], operations: ["*"] }];
  await configure(api, VALIDATING, webhook("deny", { rules }));
  assert.equal((await api.call("POST", PODS, podNamed("a"))).code, 403);
  assert.equal((await api.call("DELETE", `${VALIDATING}/hooks`)).code, 200);
  assert.equal((await api.call("POST", PODS, podNamed("a"))).code, 201);
});

Deno.test("webhooks: a collection is deleted one by one, and a no stops it", async () => {
  const keep: Hook = ({ name }) => name === "b" ? deny({}) : {};
  await using api = await startApi({ callWebhook: callOf({ keep }) });
  for (const name of ["a", "b", "c"]) await api.call("POST", PODS, podNamed(name));
  await configure(api, VALIDATING, webhook("keep"));
  assert.equal((await api.call("DELETE", `${PODS}?gracePeriodSeconds=0`)).code, 403);
  const { body } = await api.call("GET", PODS);
  assert.deepEqual(body.items.map((pod: { metadata: Json }) => pod.metadata["name"]), ["b", "c"]);
});

Deno.test("admission: namespaces first, then what rules fill in, then webhooks, quotas last", async () => {
  const asked: string[] = [];
  const hook: Hook = ({ object }) => {
    const { containers: [{ resources }], tolerations, priority } = object.spec;
    assert.deepEqual([resources.limits.cpu, tolerations.length, priority], ["300m", 2, 0]);
    return patched({ op: "replace", path: "/spec/containers/0/resources/limits/cpu", value: "2" });
  };
  await using api = await startApi({ callWebhook: callOf({ hook }, asked) });
  const core = (kind: string, spec: Json): Json => ({
    apiVersion: "v1",
    kind,
    metadata: { name: "x" },
    spec,
  });
  const limits = [{ type: "Container", default: { cpu: "300m" } }];
  const home = "/api/v1/namespaces/default";
  await api.call("POST", `${home}/limitranges`, core("LimitRange", { limits }));
  const hard = { "limits.cpu": "1" };
  await api.call("POST", `${home}/resourcequotas`, core("ResourceQuota", { hard }));
  await configure(api, MUTATING, webhook("hook"));
  const { body } = await api.call("POST", PODS, podNamed("a"));
  assert.match(body.message, /exceeded quota: x, requested: limits.cpu=2, used: limits.cpu=0/);
  const { code } = await api.call("POST", "/api/v1/namespaces/nowhere/pods", podNamed("a"));
  assert.deepEqual([code, asked], [404, ["hook CREATE a"]]);
});

// deno-fmt-ignore
const CONDITIONS: { name: string; conditions: string[]; policy?: string; want: number }[] = [
  { name: "that hold",                                conditions: ["request.operation == 'CREATE'", "object.metadata.name.startsWith('a')"], want: 400 },
  { name: "one of which does not hold",               conditions: ["true", "'system:masters' in request.userInfo.groups && object.spec.hostNetwork"], want: 201 },
  { name: "about labels that are not there",          conditions: ["has(object.metadata.labels) && 'x' in object.metadata.labels"], want: 201 },
  { name: "that fail, beside one that does not hold", conditions: ["object.nothing.x == 1", "false"], want: 201 },
  { name: "that fail",                                conditions: ["object.nothing.x == 1"], want: 403 },
  { name: "that fail and may",                        conditions: ["object.nothing.x == 1"], policy: "Ignore", want: 201 },
];

for (const { name, conditions, policy = "Fail", want } of CONDITIONS) {
  Deno.test(`webhooks: are chosen by conditions ${name}`, async () => {
    await using api = await startApi({ callWebhook: callOf({ deny: () => ({ allowed: false }) }) });
    const matchConditions = conditions.map((expression, i) => ({ name: `c${i}`, expression }));
    await configure(api, VALIDATING, webhook("deny", { matchConditions, failurePolicy: policy }));
    const { code, body } = await api.call("POST", PODS, podNamed("a", { spec: SPEC }));
    assert.equal(code, want, body.message);
  });
}

const SPEC = { containers: [{ name: "a", image: "a" }], hostNetwork: false };

Deno.test("webhooks: conditions without a name or an expression are refused", async () => {
  await using api = await startApi();
  const matchConditions = [{ name: "a", expression: " " }, { name: "a", expression: "true" }];
  const wrong = [{ name: "a", expression: "object.kind == kind" }];
  const refused = await api.call("POST", VALIDATING, {
    metadata: { name: "hooks" },
    webhooks: [webhook("x", { matchConditions: wrong })],
  });
  assert.equal(refused.code, 422);
  assert.match(refused.body.message, /matchConditions\[0\].expression: .*undeclared.*'kind'/);
  const { code, body } = await api.call("POST", VALIDATING, {
    metadata: { name: "hooks" },
    webhooks: [webhook("x", { matchConditions })],
  });
  assert.equal(code, 422);
  assert.deepEqual(body.details.causes.map(({ field }: { field: string }) => field), [
    "webhooks[0].matchConditions[0].expression",
    "webhooks[0].matchConditions[1].name",
  ]);
});

Deno.test("webhooks: bindings, evictions and streams are asked about where rules name them", async () => {
  const seen: string[] = [];
  // deno-lint-ignore no-explicit-any -- options of every kind
  const tell = ({ operation, resource, subResource, name, object }: any): Json => {
    const { command, path, target } = object;
    seen.push([operation, resource.resource, subResource, name, object.kind].join(" "));
    seen.push(JSON.stringify(command ?? path ?? target?.name ?? ""));
    return operation === "CONNECT" ? { allowed: false, status: { code: 403 } } : {};
  };
  await using api = await startApi({ callWebhook: callOf({ tell }) });
  await api.call("POST", PODS, podNamed("a"));
  const rules = [
    { apiGroups: [""], apiVersions: ["v1"], resources: ["*/*"], operations: ["CREATE", "CONNECT"] },
  ];
  await configure(api, VALIDATING, webhook("tell", { rules }));
  const binding = { metadata: { name: "a" }, target: { name: "node-1" } };
  assert.equal((await api.call("POST", `${PODS}/a/binding`, binding)).code, 201);
  const eviction = { apiVersion: "policy/v1", kind: "Eviction", metadata: { name: "a" } };
  assert.equal((await api.call("POST", `${PODS}/a/eviction`, eviction)).code, 201);
  const exec = await api.call("POST", `${PODS}/a/exec?command=ls&command=-l&stdin=true`);
  const proxy = await api.call("GET", `${PODS}/a:80/proxy/x/y`);
  assert.deepEqual([exec.code, proxy.code], [403, 403]);
  assert.deepEqual(seen, [
    ...["CREATE pods binding a Binding", '"node-1"'],
    ...["CREATE pods eviction a Eviction", '""'],
    ...["CONNECT pods exec a PodExecOptions", '["ls","-l"]'],
    ...["CONNECT pods proxy a:80 PodProxyOptions", '"/x/y"'],
  ]);
  const metrics = await (await api.raw("GET", "/metrics")).text();
  const name = 'apiserver_admission_webhook_rejection_count{name="tell.example.com"';
  const rest =
    'type="validating",operation="CONNECT",error_type="no_error",rejection_code="403"} 2';
  assert.ok(metrics.includes(`${name},${rest}`), metrics);
});
