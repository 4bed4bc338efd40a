import assert from "node:assert/strict";
import { podNamed, startApi } from "./harness.ts";

const NS = "/api/v1/namespaces/default";
const MAPS = `${NS}/configmaps`;
const PODS = `${NS}/pods`;
const TABLE = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" };
const named = (name: string, labels = {}) => ({ metadata: { name, labels } });

// deno-lint-ignore no-explicit-any -- a list of whatever kind
const namesOf = (list: any) => list.items.map((item: any) => item.metadata.name).join(" ");

Deno.test("list: pages show one state, whatever is written between them", async () => {
  await using api = await startApi();
  for (const name of ["a", "b", "c", "d", "e"]) await api.call("POST", MAPS, named(name));
  const first = await api.call("GET", `${MAPS}?limit=2`);
  const { continue: token, remainingItemCount, resourceVersion } = first.body.metadata;
  assert.deepEqual([namesOf(first.body), remainingItemCount], ["a b", 3]);
  await api.call("POST", MAPS, named("bb"));
  await api.call("DELETE", `${MAPS}/d`);
  const second = await api.call("GET", `${MAPS}?limit=2&continue=${token}`);
  assert.deepEqual([namesOf(second.body), second.body.metadata.resourceVersion], [
    "c d",
    resourceVersion,
  ]);
  const third = await api.call("GET", `${MAPS}?limit=2&continue=${second.body.metadata.continue}`);
  assert.deepEqual([namesOf(third.body), third.body.metadata.continue], ["e", undefined]);
  assert.equal(namesOf((await api.call("GET", MAPS)).body), "a b bb c e");
});

Deno.test("list: a token of a state that is forgotten is Expired", async () => {
  const historyLimits = { events: 3, bytes: 1e6, ageMs: 0, youngEvents: 0 };
  await using api = await startApi({ historyLimits });
  await api.call("POST", MAPS, named("a"));
  await api.call("POST", MAPS, named("b"));
  const { body } = await api.call("GET", `${MAPS}?limit=1`);
  for (let i = 0; i < 8; i += 1) await api.call("POST", MAPS, named(`c${i}`));
  const { code, body: status } = await api.call(
    "GET",
    `${MAPS}?limit=1&continue=${body.metadata.continue}`,
  );
  assert.deepEqual([code, status.reason], [410, "Expired"]);
  assert.match(status.message, /^The provided continue parameter is too old/);
});

Deno.test("list: an exact version shows the past", async () => {
  await using api = await startApi();
  const { body } = await api.call("POST", MAPS, named("a"));
  await api.call("DELETE", `${MAPS}/a`);
  const { resourceVersion } = body.metadata;
  const past = await api.call(
    "GET",
    `${MAPS}?resourceVersion=${resourceVersion}&resourceVersionMatch=Exact`,
  );
  assert.equal(namesOf(past.body), "a");
});

Deno.test("list: selectors by label and by field, with a limit that counts what is selected", async () => {
  await using api = await startApi();
  const apps = { a: "x", b: "y", c: "x", d: "x" };
  for (const [name, app] of Object.entries(apps)) {
    await api.call("POST", MAPS, named(name, { app }));
  }
  const select = async (query: string) => (await api.call("GET", `${MAPS}?${query}`)).body;
  assert.equal(namesOf(await select("labelSelector=app%3Dx")), "a c d");
  assert.equal(namesOf(await select("labelSelector=app+notin+%28x%29")), "b");
  assert.equal(namesOf(await select("fieldSelector=metadata.name%21%3Da")), "b c d");
  const page = await select("labelSelector=app%3Dx&limit=2");
  assert.deepEqual([namesOf(page), page.metadata.remainingItemCount], ["a c", undefined]);
  const rest = await select(`labelSelector=app%3Dx&limit=2&continue=${page.metadata.continue}`);
  assert.equal(namesOf(rest), "d");
});

Deno.test("list: one name in two namespaces is two objects", async () => {
  await using api = await startApi();
  await api.call("POST", MAPS, named("x"));
  await api.call("POST", "/api/v1/namespaces/kube-system/configmaps", named("x"));
  assert.equal(namesOf((await api.call("GET", "/api/v1/configmaps")).body), "x x");
  await api.call("DELETE", `${MAPS}/x`);
  assert.equal(namesOf((await api.call("GET", "/api/v1/configmaps")).body), "x");
});

Deno.test("table: rows with their columns, and as much of the object as is asked for", async () => {
  await using api = await startApi();
  await api.call("POST", PODS, podNamed("web"));
  const table = (await api.call("GET", `${PODS}?limit=500`, undefined, TABLE)).body;
  const columns = table.columnDefinitions.map(({ name }: { name: string }) => name).join(" ");
  assert.equal(
    columns,
    "Name Ready Status Restarts Age IP Node Nominated Node Readiness Gates",
  );
  const [row] = table.rows;
  assert.deepEqual(row.cells.slice(0, 4), ["web", "0/1", "Pending", "0"]);
  assert.deepEqual([row.object.kind, row.object.spec], ["PartialObjectMetadata", undefined]);
  const whole = await api.call("GET", `${PODS}?includeObject=Object`, undefined, TABLE);
  assert.equal(whole.body.rows[0].object.kind, "Pod");
  const one = await api.call("GET", `${PODS}/web?includeObject=None`, undefined, TABLE);
  assert.deepEqual([one.body.kind, one.body.rows[0].object], ["Table", null]);
});

Deno.test("pretty: indents when it is asked to", async () => {
  await using api = await startApi();
  const pretty = await (await api.raw("GET", `${PODS}?pretty=true`)).text();
  assert.ok(pretty.startsWith('{\n  "kind": "PodList",\n'));
});

Deno.test("gzip: long answers are packed for who asks, where the server is told to", async () => {
  await using api = await startApi({ usesGzip: true });
  const data = { text: "x".repeat(150 * 1024) };
  await api.call("POST", MAPS, { ...named("one"), data });
  await api.call("POST", MAPS, { ...named("two"), data });
  for (const path of [`${MAPS}/one`, MAPS]) {
    const plain = await api.raw("GET", path);
    assert.equal(plain.headers.get("content-encoding"), null);
    const packed = await api.raw("GET", path, { "accept-encoding": "gzip" });
    assert.equal(packed.headers.get("content-encoding"), "gzip");
    const unpacked = packed.body!.pipeThrough(new DecompressionStream("gzip"));
    assert.equal(await new Response(unpacked).text(), await plain.text());
  }
});

Deno.test("list: a long one is sent in parts and has the length that it says", async () => {
  await using api = await startApi();
  const data = { text: "x".repeat(5_000) };
  const numbers = Array.from({ length: 200 }, (_, i) => i);
  await Promise.all(numbers.map((i) => api.call("POST", MAPS, { ...named(`m${i}`), data })));
  const response = await api.raw("GET", MAPS);
  const bytes = new Uint8Array(await response.arrayBuffer());
  assert.equal(Number(response.headers.get("content-length")), bytes.length);
  assert.equal(JSON.parse(new TextDecoder().decode(bytes)).items.length, numbers.length);
});
