/** Behaviours of the founding design that no other test of the API holds as a client sees them. */
import assert from "node:assert/strict";
import { NAMES, SAMPLES, STORED_KINDS } from "../fixtures/samples.ts";
import { startApi } from "./harness.ts";

const MAPS = "/api/v1/namespaces/default/configmaps";
const named = (name: string) => ({ metadata: { name } });

Deno.test("create: of 50 of one name at one time one makes it, and 49 hear that it is there", async () => {
  await using api = await startApi();
  const answers = await Promise.all(
    Array.from({ length: 50 }, () => api.call("POST", MAPS, named("one"))),
  );
  const codes = answers.map(({ code }) => code).sort();
  assert.deepEqual(codes, [201, ...Array(49).fill(409)]);
  const reasons = new Set(answers.map(({ body }) => body.reason));
  assert.deepEqual(reasons, new Set([undefined, "AlreadyExists"]));
});

Deno.test("update: of two who read the same one is told to read again, and none is lost who does", async () => {
  await using api = await startApi();
  const { body: first } = await api.call("POST", MAPS, { ...named("count"), data: { n: "0" } });
  const puts = await Promise.all(
    ["a", "b"].map((n) => api.call("PUT", `${MAPS}/count`, { ...first, data: { n } })),
  );
  assert.deepEqual(puts.map(({ code }) => code).sort(), [200, 409]);
  await api.call("PUT", `${MAPS}/count`, { ...named("count"), data: { n: "0" } });
  const addOne = async (): Promise<void> => {
    const { body } = await api.call("GET", `${MAPS}/count`);
    const data = { n: String(Number(body.data.n) + 1) };
    const { code } = await api.call("PUT", `${MAPS}/count`, { ...body, data });
    if (code === 409) return await addOne();
    assert.equal(code, 200);
  };
  await Promise.all(Array.from({ length: 16 }, addOne));
  assert.equal((await api.call("GET", `${MAPS}/count`)).body.data.n, "16");
});

Deno.test("create: every object says what and whose it is, and a name that comes again is another", async () => {
  await using api = await startApi();
  for (const { resource } of STORED_KINDS) {
    const { apiVersion, kind, isNamespaced } = resource;
    const type = `${apiVersion}/${kind}`;
    const name = NAMES[type] ?? `it-${apiVersion.replaceAll(/[/.]/g, "-")}`;
    const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const path = `${root}${isNamespaced ? "/namespaces/default" : ""}/${resource.resource}`;
    const object = { ...SAMPLES[type], metadata: { name, labels: { a: "b" } } };
    const { code } = await api.call("POST", path, object);
    assert.equal(code, 201, type);
    const { body } = await api.call("GET", `${path}/${name}`);
    assert.deepEqual([body.apiVersion, body.kind], [apiVersion, kind]);
    const { uid, resourceVersion, creationTimestamp, labels, namespace } = body.metadata;
    assert.equal(labels.a, "b", type);
    assert.equal(namespace, isNamespaced ? "default" : undefined, type);
    assert.match(uid, /^[0-9a-f-]{36}$/, type);
    assert.match(resourceVersion, /^\d+$/, type);
    assert.ok(Date.parse(creationTimestamp) > 0, type);
    await api.call("DELETE", `${path}/${name}?gracePeriodSeconds=0`, {
      propagationPolicy: "Background",
    });
    if ((await api.call("GET", `${path}/${name}`)).code === 200) continue; // it waits for others
    const again = await api.call("POST", path, object);
    assert.notEqual(again.body.metadata.uid, uid, type);
  }
});

Deno.test("namespaces: one name may be in two, all are listed together, and each is deleted alone", async () => {
  await using api = await startApi();
  const maps = (namespace: string) => `/api/v1/namespaces/${namespace}/configmaps`;
  for (const namespace of ["a", "b"]) {
    await api.call("POST", "/api/v1/namespaces", named(namespace));
    assert.equal((await api.call("POST", maps(namespace), named("x"))).code, 201);
  }
  const all = async () =>
    (await api.call("GET", "/api/v1/configmaps?fieldSelector=metadata.name%3Dx")).body.items
      .map(({ metadata }: { metadata: { namespace: string } }) => metadata.namespace);
  assert.deepEqual(await all(), ["a", "b"]);
  assert.equal((await api.call("DELETE", `${maps("a")}/x`)).code, 200);
  assert.deepEqual(await all(), ["b"]);
});
