import assert from "node:assert/strict";
import { CONFIG_MAPS, PODS } from "../../api/types/resources.ts";
import { hasReason } from "../../api/types/status.ts";
import type { WatchEvent } from "../../client/api.ts";
import { apiContract } from "../../client/api_contract.ts";
import { LocalApi } from "../../cmd/local_api.ts";
import { ADMIN_TOKEN, type Harness, startApi } from "./harness.ts";

const USER_AGENT = "component";
const localApi = (server: Harness) => new LocalApi(server.api, ADMIN_TOKEN, USER_AGENT);

apiContract("local api", async () => {
  const server = await startApi();
  return { api: localApi(server), close: () => server[Symbol.asyncDispose]() };
});

Deno.test("local api: lists and watches give the objects that the store holds", async () => {
  await using server = await startApi();
  const api = localApi(server);
  const { resourceVersion } = await api.list(CONFIG_MAPS);
  await create(server, "one", { app: "a" });
  const [stored] = server.store.list("configmaps/default/one");
  const { items } = await api.list(CONFIG_MAPS, { namespace: "default" });
  assert.equal(items.find(({ metadata }) => metadata.name === "one"), stored?.object);
  const [event] = await events(api, { resourceVersion, labelSelector: "app=a" }, 1);
  assert.equal(event?.type, "ADDED");
  assert.equal(event?.object, stored?.object);
});

Deno.test("local api: where metadata is enough, nothing else comes", async () => {
  await using server = await startApi();
  await create(server, "one", {});
  const { items } = await localApi(server).list(CONFIG_MAPS, { onlyMetadata: true });
  assert.deepEqual(Object.keys(items[0]!), ["apiVersion", "kind", "metadata"]);
});

Deno.test("local api: what leaves a selection is deleted, at the revision of its leaving", async () => {
  await using server = await startApi();
  const { body } = await create(server, "one", { app: "a" });
  const changed = { ...body, metadata: { ...body.metadata, labels: { app: "b" } } };
  const { body: left } = await server.call("PUT", `${PATH}/one`, changed);
  const { resourceVersion } = body.metadata;
  const [event] = await events(localApi(server), { resourceVersion, labelSelector: "app=a" }, 1);
  assert.equal(event?.type, "DELETED");
  assert.deepEqual(event?.object.metadata.labels, { app: "a" });
  assert.equal(event?.object.metadata.resourceVersion, left.metadata.resourceVersion);
});

Deno.test("local api: after its time a watch ends with a bookmark, after everything else", async () => {
  await using server = await startApi();
  const { body } = await create(server, "one", {});
  const { resourceVersion } = body.metadata;
  await create(server, "two", {});
  const seen = await events(localApi(server), { resourceVersion, timeoutSeconds: 0.01 }, 3);
  assert.deepEqual(seen.map(({ type }) => type), ["ADDED", "BOOKMARK"]);
  assert.equal(seen[1]?.object.metadata.resourceVersion, String(server.store.revision));
});

Deno.test("local api: a watch from the future, or from what is forgotten, is refused as Expired", async () => {
  const historyLimits = { events: 1, bytes: 1e6, ageMs: 1e6, youngEvents: 1 };
  await using server = await startApi({ historyLimits });
  for (const resourceVersion of ["1", "100000"]) {
    const watching = events(localApi(server), { resourceVersion }, 1);
    await assert.rejects(watching, (error) => hasReason(error, "Expired"));
  }
});

Deno.test("local api: a watch ends when the server stops", async () => {
  const server = await startApi();
  const resourceVersion = String(server.store.revision);
  const watching = events(localApi(server), { resourceVersion }, 1);
  server.api.close();
  assert.deepEqual(await watching, []);
  await server[Symbol.asyncDispose]();
});

Deno.test("local api: a kind that is not served is NotFound", async () => {
  await using server = await startApi();
  const unknown = { ...PODS, apiVersion: "example.com/v1" };
  const api = localApi(server);
  await assert.rejects(api.list(unknown), (error) => hasReason(error, "NotFound"));
});

const PATH = "/api/v1/namespaces/default/configmaps";

async function create(server: Harness, name: string, labels: Record<string, string>) {
  const metadata = { name, labels };
  return await server.call("POST", PATH, { kind: "ConfigMap", apiVersion: "v1", metadata });
}

/** The first of a watch of config maps, until there are `count` or it ends. */
async function events(
  api: LocalApi,
  options: { resourceVersion: string; labelSelector?: string; timeoutSeconds?: number },
  count: number,
): Promise<WatchEvent<{ metadata: { resourceVersion?: string; labels?: object } }>[]> {
  const seen = [];
  for await (const event of api.watch(CONFIG_MAPS, options, new AbortController().signal)) {
    if (seen.push(event) === count) break;
  }
  return seen;
}
