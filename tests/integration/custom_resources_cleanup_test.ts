import assert from "node:assert/strict";
import { KINDS } from "../../api/registry/kinds.ts";
import { ownableResources } from "../../api/registry/propagation.ts";
import { HttpApi } from "../../client/http_api.ts";
import { Informers } from "../../client/informer.ts";
import { runControllers } from "../../controllers/manager.ts";
import { ADMIN_TOKEN, CLOCK, type Harness, type Json, startApi } from "./harness.ts";

/** Custom kinds and the controllers that look after all kinds. */

const DEFINITION = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.example.com" },
  spec: {
    group: "example.com",
    scope: "Namespaced",
    names: { plural: "widgets", kind: "Widget" },
    versions: [{
      name: "v1",
      served: true,
      storage: true,
      schema: { openAPIV3Schema: { type: "object", "x-kubernetes-preserve-unknown-fields": true } },
    }],
  },
};
const TEAM = "/apis/example.com/v1/namespaces/team/widgets";

Deno.test("custom resources: a deleted namespace takes them along", async () => {
  await using api = await withTeam();
  const stop = runAll(api);
  await api.call("POST", TEAM, widget("a"));
  const namespaces = await api.watch(
    "/api/v1/namespaces?watch=true&fieldSelector=metadata.name%3Dteam",
  );
  await api.call("DELETE", "/api/v1/namespaces/team");
  for (let event = await namespaces.next(); event?.type !== "DELETED";) {
    event = await namespaces.next();
  }
  await namespaces.close();
  const { body } = await api.call("GET", "/apis/example.com/v1/widgets");
  assert.deepEqual(body.items, []);
  await stop();
});

Deno.test("custom resources: own and are owned as all objects", async () => {
  await using api = await withTeam();
  const stop = runAll(api);
  const owner = await api.call("POST", TEAM, widget("owner"));
  const ownerReferences = [{
    apiVersion: "example.com/v1",
    kind: "Widget",
    name: "owner",
    uid: owner.body.metadata.uid,
  }];
  await api.call("POST", TEAM, widget("below", { ownerReferences }));
  const configMaps = "/api/v1/namespaces/team/configmaps";
  await api.call("POST", configMaps, { metadata: { name: "below", ownerReferences } });
  const watch = await api.watch(`${configMaps}?watch=true&fieldSelector=metadata.name%3Dbelow`);
  const widgets = await api.watch(`${TEAM}?watch=true&fieldSelector=metadata.name%3Dbelow`);
  await api.call("DELETE", `${TEAM}/owner`);
  assert.deepEqual(await watch.take(2), ["ADDED below", "DELETED below"]);
  assert.deepEqual(await widgets.take(2), ["ADDED below", "DELETED below"]);
  await watch.close();
  await widgets.close();
  await stop();
});

function widget(name: string, metadata: Json = {}): Json {
  return { apiVersion: "example.com/v1", kind: "Widget", metadata: { name, ...metadata } };
}

async function withTeam(): Promise<Harness> {
  const api = await startApi();
  await api.call("POST", "/api/v1/namespaces", { metadata: { name: "team" } });
  await api.call("POST", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", DEFINITION);
  return api;
}

function runAll({ api }: Harness): () => Promise<void> {
  const end = new AbortController();
  const client = new HttpApi({
    baseUrl: "http://master",
    token: ADMIN_TOKEN,
    fetch: (request) => Promise.resolve(api.fetch(request)),
  });
  const { signal } = end;
  const shared = { api: client, clock: CLOCK, random: Math.random, log: () => {}, signal };
  const run = runControllers({
    ...shared,
    cache: new Informers(shared),
    resources: ownableResources(KINDS),
  });
  return async () => {
    end.abort();
    await run;
  };
}
