import assert from "node:assert/strict";
import type { Pod } from "../api/types/core_v1.ts";
import { LEASES } from "../api/types/coordination_v1.ts";
import { NODES, PODS } from "../api/types/resources.ts";
import { hasReason, StatusError, toStatus } from "../api/types/status.ts";
import type { Api } from "./api.ts";
import { HttpApi } from "./http_api.ts";

const POD: Pod = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "web", namespace: "default" },
  spec: { containers: [] },
};
const TARGET = { namespace: "default", name: "web", subresource: "status" };

// deno-fmt-ignore
const CASES: { call: (api: Api) => Promise<unknown>; want: string }[] = [
  { call: (api) => api.get(PODS, "default", "web"),                   want: "GET /api/v1/namespaces/default/pods/web" },
  { call: (api) => api.get(NODES, "", "node-1"),                      want: "GET /api/v1/nodes/node-1" },
  { call: (api) => api.get(LEASES, "kube-node-lease", "n"),           want: "GET /apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/n" },
  { call: (api) => api.list(PODS),                                    want: "GET /api/v1/pods" },
  { call: (api) => api.list(PODS, { labelSelector: "a=b" }),          want: "GET /api/v1/pods?labelSelector=a%3Db" },
  { call: (api) => api.create(PODS, POD),                             want: "POST /api/v1/namespaces/default/pods" },
  { call: (api) => api.update(PODS, POD),                             want: "PUT /api/v1/namespaces/default/pods/web" },
  { call: (api) => api.updateStatus(PODS, POD),                       want: "PUT /api/v1/namespaces/default/pods/web/status" },
  { call: (api) => api.patch(PODS, TARGET, "merge", {}),              want: "PATCH /api/v1/namespaces/default/pods/web/status" },
  { call: (api) => api.delete(PODS, "default", "web"),                want: "DELETE /api/v1/namespaces/default/pods/web" },
  { call: (api) => api.deleteCollection(PODS, { namespace: "a" }),    want: "DELETE /api/v1/namespaces/a/pods" },
  { call: (api) => api.bind("default", "web", "u", "node-1"),         want: "POST /api/v1/namespaces/default/pods/web/binding" },
];

for (const { call, want } of CASES) {
  Deno.test(`http api: ${want}`, async () => {
    let seen = "";
    const api = apiOver((request) => {
      const { pathname, search } = new URL(request.url);
      seen = `${request.method} ${pathname}${search}`;
      assert.equal(request.headers.get("authorization"), "Bearer secret");
      return Response.json({ items: [], metadata: {} });
    });
    await call(api);
    assert.equal(seen, want);
  });
}

Deno.test("http api: a failure is the StatusError that the server threw", async () => {
  const sent = new StatusError("Invalid", "no", [
    { field: "spec.a", reason: "FieldValueRequired", message: "Required value" },
  ], { name: "web" });
  const api = apiOver(() => Response.json(toStatus(sent), { status: sent.code }));
  await assert.rejects(api.create(PODS, POD), (error) => {
    assert.ok(error instanceof StatusError);
    assert.deepEqual([error.reason, error.causes, error.details], [
      sent.reason,
      sent.causes,
      sent.details,
    ]);
    return true;
  });
});

// deno-fmt-ignore
const FAILURES = [
  { name: "no answer",              fetch: () => Promise.reject(new TypeError("refused")),     want: "ServiceUnavailable" },
  { name: "a proxy's page",         fetch: () => new Response("<html>", { status: 502 }),      want: "ServiceUnavailable" },
  { name: "a bare 404",             fetch: () => new Response("", { status: 404 }),            want: "NotFound" },
  { name: "an unknown code",        fetch: () => new Response("teapot", { status: 418 }),      want: "InternalError" },
  { name: "a cut answer",           fetch: () => new Response('{"kind":'),                     want: "ServiceUnavailable" },
] as const;

for (const { name, fetch, want } of FAILURES) {
  Deno.test(`http api: ${name} is ${want}`, async () => {
    await assert.rejects(
      apiOver(fetch).get(PODS, "default", "web"),
      (error) => hasReason(error, want),
    );
  });
}

Deno.test("http api: a watch gives its events and asks for bookmarks", async () => {
  let url = new URL("http://nowhere");
  const events = ["ADDED", "MODIFIED", "BOOKMARK"].map((type) => ({ type, object: POD }));
  const api = apiOver((request) => {
    url = new URL(request.url);
    return new Response(events.map((event) => JSON.stringify(event) + "\n").join(""));
  });
  const options = { resourceVersion: "7", fieldSelector: "spec.nodeName=n", timeoutSeconds: 300 };
  const seen = [];
  for await (const event of api.watch(PODS, options, never())) {
    seen.push(event);
  }
  assert.deepEqual(seen, events);
  assert.deepEqual(Object.fromEntries(url.searchParams), {
    watch: "true",
    allowWatchBookmarks: "true",
    resourceVersion: "7",
    fieldSelector: "spec.nodeName=n",
    timeoutSeconds: "300",
  });
});

Deno.test("http api: an ERROR event is thrown", async () => {
  const status = toStatus(new StatusError("Expired", "too old resource version"));
  const api = apiOver(() => new Response(JSON.stringify({ type: "ERROR", object: status }) + "\n"));
  await assert.rejects(async () => {
    for await (const _ of api.watch(PODS, { resourceVersion: "1" }, never())) assert.fail();
  }, (error) => hasReason(error, "Expired"));
});

Deno.test("http api: aborting ends a silent watch and cancels its stream", async () => {
  const stop = new AbortController();
  const cancelled = Promise.withResolvers<void>();
  const body = new ReadableStream<Uint8Array>({ cancel: () => cancelled.resolve() });
  const api = apiOver(() => new Response(body));
  const reading = (async () => {
    for await (const _ of api.watch(PODS, { resourceVersion: "1" }, stop.signal)) assert.fail();
  })();
  stop.abort();
  await reading;
  await cancelled.promise;
});

Deno.test("http api: a list names the type of items that leave it out", async () => {
  const api = apiOver(() =>
    Response.json({ items: [{ metadata: { name: "a" } }], metadata: { resourceVersion: "9" } })
  );
  const { items, resourceVersion } = await api.list(PODS);
  assert.deepEqual([items[0]?.kind, items[0]?.apiVersion, resourceVersion], ["Pod", "v1", "9"]);
});

Deno.test("http api: a server without room is asked again when it says, and not for ever", async () => {
  const waits: number[] = [];
  let asked = 0;
  const pause = (ms: number) => (waits.push(ms), Promise.resolve());
  const full = () => new Response("{}", { status: 429, headers: { "retry-after": "2" } });
  const apiThat = (answer: () => Response) =>
    new HttpApi({ baseUrl: "http://m", pause, fetch: () => (asked += 1, answer()) });
  const busy = apiThat(() => asked < 3 ? full() : Response.json(POD));
  assert.deepEqual(await busy.create(PODS, POD), POD);
  assert.deepEqual([asked, waits], [3, [2_000, 2_000]]);
  asked = 0;
  await assert.rejects(
    apiThat(full).get(PODS, "", "web"),
    (error) => hasReason(error, "TooManyRequests"),
  );
  assert.equal(asked, 11);
});

function apiOver(fetch: (request: Request) => Response | Promise<Response>): Api {
  return new HttpApi({ baseUrl: "https://master:6443/", fetch, token: "secret" });
}

function never(): AbortSignal {
  return new AbortController().signal;
}
