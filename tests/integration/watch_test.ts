import assert from "node:assert/strict";
import { configMaps } from "../../api/registry/configmaps.ts";
import type { AnyKind } from "../../api/registry/kind.ts";
import { KINDS } from "../../api/registry/kinds.ts";
import type { KubeObject } from "../../api/types/meta.ts";
import { podNamed, startApi } from "./harness.ts";

const PODS = "/api/v1/namespaces/default/pods";
const MAPS = "/api/v1/namespaces/default/configmaps";
const configMap = (name: string, labels = {}) => ({ metadata: { name, labels }, data: {} });

Deno.test("watch: without a version, and from 0, the state comes first and then what happens", async () => {
  await using api = await startApi();
  await api.call("POST", MAPS, configMap("a"));
  for (const query of ["watch=true", "watch=1&resourceVersion=0"]) {
    const watch = await api.watch(`${MAPS}?${query}`);
    assert.deepEqual(await watch.take(1), ["ADDED a"]);
    await api.call("POST", MAPS, configMap("b"));
    await api.call("DELETE", `${MAPS}/b`);
    assert.deepEqual(await watch.take(2), ["ADDED b", "DELETED b"]);
    await watch.close();
  }
});

Deno.test("watch: from a list it misses nothing and repeats nothing", async () => {
  await using api = await startApi();
  await api.call("POST", MAPS, configMap("a"));
  const list = await api.call("GET", MAPS);
  const { resourceVersion } = list.body.metadata;
  await api.call("POST", MAPS, configMap("b"));
  await api.call("PATCH", `${MAPS}/a`, { data: { k: "1" } }, MERGE);
  const watch = await api.watch(`${MAPS}?watch=true&resourceVersion=${resourceVersion}`);
  await api.call("DELETE", `${MAPS}/b`);
  assert.deepEqual(await watch.take(3), ["ADDED b", "MODIFIED a", "DELETED b"]);
  await watch.close();
});

const MERGE = { "content-type": "application/merge-patch+json" };

Deno.test("watch: a label that comes and goes adds and deletes", async () => {
  await using api = await startApi();
  const created = await api.call("POST", MAPS, configMap("a", { app: "x" }));
  const from = created.body.metadata.resourceVersion;
  const watch = await api.watch(`${MAPS}?watch=true&labelSelector=app%3Dx&resourceVersion=${from}`);
  const relabel = (app: string) =>
    api.call("PATCH", `${MAPS}/a`, { metadata: { labels: { app } } }, MERGE);
  const out = await relabel("y");
  const event = await watch.next();
  assert.equal(event?.type, "DELETED");
  assert.deepEqual(event.object.metadata.labels, { app: "x" }, "as it was in the selection");
  assert.equal(event.object.metadata.resourceVersion, out.body.metadata.resourceVersion);
  await relabel("x");
  assert.deepEqual(await watch.take(1), ["ADDED a"]);
  await watch.close();
});

Deno.test("watch: a field selector sees a pod from its binding on", async () => {
  await using api = await startApi();
  const watch = await api.watch("/api/v1/pods?watch=true&fieldSelector=spec.nodeName%3Dn1");
  await api.call("POST", PODS, podNamed("web"));
  await api.call("POST", `${PODS}/web/binding`, { target: { name: "n1" } });
  const event = await watch.next();
  assert.deepEqual([event?.type, event?.object.spec.nodeName], ["ADDED", "n1"]);
  await watch.close();
});

Deno.test("watch: one object, by name and by the path of the founding design", async () => {
  await using api = await startApi();
  const paths = [
    `${MAPS}?watch=true&fieldSelector=metadata.name%3Db`,
    "/api/v1/watch/namespaces/default/configmaps/b",
  ];
  for (const path of paths) {
    const watch = await api.watch(path);
    await api.call("POST", MAPS, configMap("a"));
    await api.call("POST", MAPS, configMap("b"));
    assert.deepEqual(await watch.take(1), ["ADDED b"]);
    await watch.close();
    await api.call("DELETE", MAPS);
  }
});

Deno.test("watch: another namespace is not seen, all namespaces are", async () => {
  await using api = await startApi();
  const inOne = await api.watch(`${MAPS}?watch=true`);
  const inAll = await api.watch("/api/v1/configmaps?watch=true");
  await api.call("POST", "/api/v1/namespaces/kube-system/configmaps", configMap("other"));
  await api.call("POST", MAPS, configMap("own"));
  assert.deepEqual(await inOne.take(1), ["ADDED own"]);
  assert.deepEqual(await inAll.take(2), ["ADDED other", "ADDED own"]);
  await inOne.close();
  await inAll.close();
});

Deno.test("watch: past the history it says Expired and ends", async () => {
  const historyLimits = { events: 3, bytes: 1e6, ageMs: 0, youngEvents: 0 };
  await using api = await startApi({ historyLimits });
  for (let i = 0; i < 8; i += 1) await api.call("POST", MAPS, configMap(`m${i}`));
  const watch = await api.watch(`${MAPS}?watch=true&resourceVersion=1`);
  const event = await watch.next();
  assert.equal(event?.type, "ERROR");
  assert.deepEqual([event.object.reason, event.object.code], ["Expired", 410]);
  assert.equal(await watch.next(), undefined);
});

Deno.test("watch: a version that is yet to come is Expired too, so that the client lists again", async () => {
  await using api = await startApi();
  const watch = await api.watch(`${MAPS}?watch=true&resourceVersion=1000000`);
  assert.deepEqual(await watch.take(2), ["ERROR Expired", "END"]);
});

Deno.test("watch: a watch-list ends its state with a marked bookmark", async () => {
  await using api = await startApi();
  await api.call("POST", MAPS, configMap("a"));
  const query = "watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan" +
    "&allowWatchBookmarks=true";
  const watch = await api.watch(`${MAPS}?${query}`);
  assert.deepEqual(await watch.take(1), ["ADDED a"]);
  const bookmark = await watch.next();
  assert.equal(bookmark?.type, "BOOKMARK");
  const { annotations, resourceVersion } = bookmark.object.metadata;
  assert.deepEqual(annotations, { "k8s.io/initial-events-end": "true" });
  assert.equal(resourceVersion, String(api.store.revision));
  await watch.close();
});

Deno.test("watch: sendInitialEvents without its match is Invalid", async () => {
  await using api = await startApi();
  const answer = await api.call("GET", `${MAPS}?watch=true&sendInitialEvents=true`);
  assert.equal(answer.code, 422);
});

Deno.test("watch: timeoutSeconds ends it, with a bookmark for those who want one", async () => {
  await using api = await startApi();
  const watch = await api.watch(`${MAPS}?watch=true&timeoutSeconds=1&allowWatchBookmarks=true`);
  const bookmark = await watch.next();
  assert.equal(bookmark?.type, "BOOKMARK");
  assert.equal(bookmark.object.kind, "ConfigMap");
  assert.equal(await watch.next(), undefined);
});

Deno.test("watch: rows come as a table, and metadata alone for who asks for that", async () => {
  await using api = await startApi();
  const table = await api.watch(`${PODS}?watch=true`, {
    accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
  });
  const partial = await api.watch(`${PODS}?watch=true`, {
    accept: "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io,application/json",
  });
  await api.call("POST", PODS, podNamed("web"));
  const row = await table.next();
  assert.equal(row?.object.kind, "Table");
  assert.equal(row.object.rows[0].cells[0], "web");
  assert.equal(row.object.columnDefinitions[0].name, "Name");
  const event = await partial.next();
  assert.deepEqual(Object.keys(event?.object), ["kind", "apiVersion", "metadata"]);
  await table.close();
  await partial.close();
});

Deno.test("watch: closing the server ends every watch", async () => {
  await using api = await startApi();
  const watch = await api.watch(`${MAPS}?watch=true`);
  api.api.close();
  assert.equal(await watch.next(), undefined);
});

Deno.test("watch: random writes arrive in the order of their revisions, none lost, none twice", async () => {
  await using api = await startApi();
  const { resourceVersion } = (await api.call("GET", MAPS)).body.metadata;
  const watch = await api.watch(`${MAPS}?watch=true&resourceVersion=${resourceVersion}`);
  const names = ["a", "b", "c", "d"];
  const written = new Set<string>();
  await Promise.all(names.map(async (name) => {
    for (let i = 0; i < 20; i += 1) {
      const created = await api.call("POST", MAPS, configMap(name));
      written.add(created.body.metadata.resourceVersion);
      const patched = await api.call("PATCH", `${MAPS}/${name}`, { data: { i: `${i}` } }, MERGE);
      written.add(patched.body.metadata.resourceVersion);
      await api.call("DELETE", `${MAPS}/${name}`);
    }
  }));
  let last = 0;
  for (let i = 0; i < names.length * 20 * 3; i += 1) {
    const event = await watch.next();
    const revision = Number(event?.object.metadata.resourceVersion);
    assert.ok(revision > last, `${revision} after ${last}`);
    last = revision;
    if (event?.type !== "DELETED") assert.ok(written.delete(String(revision)));
  }
  assert.equal(written.size, 0);
  await watch.close();
});

Deno.test("watch: an event that can't be shown ends the watches it concerns, and no others", async () => {
  const broken: AnyKind = {
    ...configMaps,
    columns: [{
      name: "Bad",
      type: "string",
      description: "",
      cell({ metadata }: KubeObject) {
        if (metadata.name === "bad") throw new TypeError("no cell");
        return "";
      },
    }],
  };
  const kinds = KINDS.map((kind) => kind === configMaps ? broken : kind);
  await using api = await startApi({ kinds });
  const accept = "application/json;as=Table;v=v1;g=meta.k8s.io";
  const rows = await api.watch(`${MAPS}?watch=true`, { accept });
  const plain = await api.watch(`${MAPS}?watch=true`);
  await api.call("POST", MAPS, configMap("bad"));
  assert.equal(await rows.next(), undefined);
  await api.call("POST", MAPS, configMap("good"));
  assert.deepEqual(await plain.take(2), ["ADDED bad", "ADDED good"]);
  await plain.close();
});
