import assert from "node:assert/strict";
import { podNamed, startApi } from "./harness.ts";

const NS = "/api/v1/namespaces/default";
const PODS = `${NS}/pods`;
const MAPS = `${NS}/configmaps`;
const type = (name: string) => ({ "content-type": `application/${name}+json` });
const JSON_PATCH = type("json-patch");
const MERGE = type("merge-patch");
const STRATEGIC = type("strategic-merge-patch");

Deno.test("patch: the three types", async () => {
  await using api = await startApi();
  await api.call("POST", MAPS, { metadata: { name: "a" }, data: { one: "1", two: "2" } });
  const operations = [{ op: "test", path: "/data/one", value: "1" }, {
    op: "remove",
    path: "/data/one",
  }];
  const removed = await api.call("PATCH", `${MAPS}/a`, operations, JSON_PATCH);
  assert.deepEqual(removed.body.data, { two: "2" });
  const merged = await api.call("PATCH", `${MAPS}/a`, { data: { two: null, three: "3" } }, MERGE);
  assert.deepEqual(merged.body.data, { three: "3" });
  await api.call("POST", PODS, podNamed("web"));
  const containers = [{ name: "a", image: "nginx:2" }];
  const patched = await api.call("PATCH", `${PODS}/web`, { spec: { containers } }, STRATEGIC);
  assert.equal(patched.body.spec.containers[0].image, "nginx:2");
  assert.equal(patched.body.spec.containers[0].terminationMessagePath, "/dev/termination-log");
});

Deno.test("patch: what does not fit changes nothing", async () => {
  await using api = await startApi();
  const { body: before } = await api.call("POST", MAPS, {
    metadata: { name: "a" },
    data: { k: "1" },
  });
  const refused: [unknown, Record<string, string>, number][] = [
    [[{ op: "test", path: "/data/k", value: "2" }], JSON_PATCH, 422],
    [[{ op: "fly", path: "/data/k" }], JSON_PATCH, 400],
    [[], MERGE, 400],
    [{ data: { k: { deep: 1 } } }, MERGE, 422],
    [{ metadata: { resourceVersion: "1" }, data: { k: "2" } }, MERGE, 409],
    [{ metadata: { name: "b" } }, MERGE, 400],
    [{ metadata: { labels: { "-": "x" } } }, STRATEGIC, 422],
  ];
  for (const [patch, headers, code] of refused) {
    const answer = await api.call("PATCH", `${MAPS}/a`, patch, headers);
    assert.equal(answer.code, code, JSON.stringify(answer.body));
  }
  assert.deepEqual((await api.call("GET", `${MAPS}/a`)).body, before);
});

Deno.test("patch: one that changes nothing writes nothing", async () => {
  await using api = await startApi();
  const { body } = await api.call("POST", MAPS, { metadata: { name: "a" }, data: { k: "1" } });
  const { revision } = api.store;
  const patched = await api.call("PATCH", `${MAPS}/a`, { data: { k: "1" } }, MERGE);
  assert.deepEqual([patched.body, api.store.revision], [body, revision]);
});

Deno.test("patch: a null takes a field away", async () => {
  await using api = await startApi();
  await api.call("POST", "/api/v1/nodes", {
    metadata: { name: "n1" },
    spec: { unschedulable: true },
  });
  const patch = { spec: { unschedulable: null } };
  const { body } = await api.call("PATCH", "/api/v1/nodes/n1", patch, STRATEGIC);
  assert.equal(body.spec.unschedulable, undefined);
});

Deno.test("dry run: says what would be, and is not", async () => {
  await using api = await startApi();
  const { revision } = api.store;
  const created = await api.call("POST", `${PODS}?dryRun=All`, podNamed("web"));
  assert.deepEqual([created.code, created.body.status.phase], [201, "Pending"]);
  assert.equal((await api.call("POST", `${PODS}?dryRun=All`, {})).code, 422);
  assert.equal((await api.call("GET", `${PODS}/web`)).code, 404);
  assert.equal(api.store.revision, revision);
  const { body: pod } = await api.call("POST", PODS, podNamed("web"));
  const labels = { metadata: { labels: { a: "b" } } };
  const patched = await api.call("PATCH", `${PODS}/web?dryRun=All`, labels, MERGE);
  assert.deepEqual(patched.body.metadata.labels, { a: "b" });
  const inBody = await api.call("DELETE", `${PODS}/web`, { dryRun: ["All"] });
  const inQuery = await api.call("DELETE", `${PODS}/web?dryRun=All`);
  assert.deepEqual([inBody.code, inQuery.code], [200, 200]);
  assert.deepEqual((await api.call("GET", `${PODS}/web`)).body, pod);
});

Deno.test("concurrency: of fifty creates of one name one wins", async () => {
  await using api = await startApi();
  const all = Array.from({ length: 50 }, () => api.call("POST", PODS, podNamed("web")));
  const codes = (await Promise.all(all)).map(({ code }) => code);
  assert.deepEqual(codes.toSorted(), [201, ...Array(49).fill(409)]);
});

Deno.test("concurrency: thirty-two writers each add their label and none is lost", async () => {
  await using api = await startApi();
  await api.call("POST", PODS, podNamed("web"));
  const writers = Array.from({ length: 32 }, (_, i) => `w${i}`);
  await Promise.all(
    writers.map((name) =>
      api.call("PATCH", `${PODS}/web`, { metadata: { labels: { [name]: "x" } } }, MERGE)
    ),
  );
  const { body } = await api.call("GET", `${PODS}/web`);
  assert.deepEqual(Object.keys(body.metadata.labels).sort(), writers.toSorted());
});

Deno.test("concurrency: clients that read, change and put count right when they try again", async () => {
  await using api = await startApi();
  await api.call("POST", MAPS, { metadata: { name: "a" }, data: { n: "0" } });
  let conflicts = 0;
  const count = async () => {
    for (;;) {
      const { body } = await api.call("GET", `${MAPS}/a`);
      const data = { n: String(Number(body.data.n) + 1) };
      const { code } = await api.call("PUT", `${MAPS}/a`, { ...body, data });
      if (code === 200) return;
      conflicts += 1;
    }
  };
  await Promise.all(Array.from({ length: 20 }, count));
  assert.equal((await api.call("GET", `${MAPS}/a`)).body.data.n, "20");
  assert.ok(conflicts > 0, "the test had no races to show");
});

Deno.test("concurrency: of twenty schedulers that bind one pod one wins", async () => {
  await using api = await startApi();
  await api.call("POST", PODS, podNamed("web"));
  const bindings = Array.from(
    { length: 20 },
    (_, i) => api.call("POST", `${PODS}/web/binding`, { target: { name: `n${i}` } }),
  );
  const codes = (await Promise.all(bindings)).map(({ code }) => code);
  assert.deepEqual(codes.toSorted(), [201, ...Array(19).fill(409)]);
});
