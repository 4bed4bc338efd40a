import assert from "node:assert/strict";
import type { Pod } from "../../api/types/core_v1.ts";
import { PODS } from "../../api/types/resources.ts";
import { LocalApi } from "../../cmd/local_api.ts";
import { ADMIN_TOKEN, startApi } from "./harness.ts";

// deno-fmt-ignore
const LISTS: { namespace?: string; fields: string; labels?: string; want: string[] }[] = [
  { namespace: "default", fields: "metadata.name=a",                               want: ["a"] },
  { namespace: "default", fields: "metadata.name=none",                            want: [] },
  { namespace: "default", fields: "metadata.name=a,spec.nodeName=n2",              want: [] },
  { namespace: "default", fields: "metadata.name=a", labels: "odd=yes",            want: [] },
  {                       fields: "metadata.name=a",                               want: ["a", "a"] },
  {                       fields: "spec.nodeName=n1",                              want: ["a", "c", "a"] },
  { namespace: "default", fields: "spec.nodeName=n1",                              want: ["a", "c"] },
  { namespace: "other",   fields: "spec.nodeName=n1",                              want: ["a"] },
  { namespace: "default", fields: "spec.nodeName=n1", labels: "odd=yes",           want: ["c"] },
  { namespace: "default", fields: "spec.nodeName=n1,metadata.name!=a",             want: ["c"] },
  { namespace: "default", fields: "spec.nodeName=n2",                              want: ["b"] },
  { namespace: "default", fields: "spec.nodeName=",                                want: ["free"] },
  { namespace: "default", fields: "spec.nodeName!=n1",                             want: ["b", "free"] },
  {                       fields: "spec.nodeName=none",                            want: [] },
];

Deno.test("lists: those of a name or of a node show what any list would, as pods come, are bound and go", async () => {
  await using server = await startApi();
  const api = new LocalApi(server.api, ADMIN_TOKEN, "test");
  await server.call("POST", "/api/v1/namespaces", { metadata: { name: "other" } });
  const place = async (namespace: string, name: string, node?: string, labels = {}) => {
    const metadata = { namespace, name, labels };
    const containers = [{ name: "web", image: "web:1" }];
    const spec = { containers, ...(node !== undefined && { nodeName: node }) };
    await api.create(PODS, { apiVersion: "v1", kind: "Pod", metadata, spec } as Pod);
  };
  await place("default", "gone", "n1");
  const names = async (query: object) =>
    (await api.list(PODS, query)).items.map(({ metadata: { name } }) => name);
  assert.deepEqual(await names({ fieldSelector: "spec.nodeName=n1" }), ["gone"]);
  await place("other", "a", "n1");
  await place("default", "c", "n1", { odd: "yes" });
  await place("default", "b", undefined, { odd: "yes" });
  await place("default", "a", "n1");
  await place("default", "free");
  const { metadata: { uid = "" } } = await api.get(PODS, "default", "b");
  await api.bind("default", "b", uid, "n2");
  await api.delete(PODS, "default", "gone", { gracePeriodSeconds: 0 });
  for (const { namespace, fields, labels, want } of LISTS) {
    const query = {
      fieldSelector: fields,
      ...(namespace !== undefined && { namespace }),
      ...(labels !== undefined && { labelSelector: labels }),
    };
    assert.deepEqual(await names(query), want, JSON.stringify(query));
    const paged: string[] = [];
    let next: string | undefined;
    do {
      const page = await api.list(PODS, { ...query, limit: 1, ...(next && { continue: next }) });
      paged.push(...page.items.map(({ metadata: { name } }) => name));
      next = page.continue;
    } while (next !== undefined);
    assert.deepEqual(paged, want, `page by page: ${JSON.stringify(query)}`);
  }
});
