import assert from "node:assert/strict";
import { REPLICA_SETS, type ReplicaSet } from "../api/types/apps_v1.ts";
import { PODS } from "../api/types/resources.ts";
import { controllerReferenceTo } from "../client/owners.ts";
import { podNamed, startCluster, worldOf } from "./fake_cluster.ts";
import { replicaSetController } from "./replica_set.ts";

const SET: ReplicaSet = {
  apiVersion: "apps/v1",
  kind: "ReplicaSet",
  metadata: { name: "web", namespace: "default", uid: "uid-web", generation: 1 },
  spec: {
    replicas: 2,
    selector: { matchExpressions: [{ key: "app", operator: "In", values: ["web", "shop"] }] },
    template: {
      metadata: { name: "", labels: { app: "web" } },
      spec: { containers: [{ name: "main", image: "img" }] },
    },
  },
};
const owned = (name: string, app: string) =>
  podNamed(name, { labels: { app }, ownerReferences: [controllerReferenceTo(SET)] });

// deno-fmt-ignore
const CASES = [
  { name: "creates what is missing",              pods: [owned("a", "web")],                                          want: ["create", "updateStatus web"] },
  { name: "selects by expressions",               pods: [owned("a", "web"), owned("b", "shop")],                      want: ["updateStatus web"] },
  { name: "adopts what matches an expression",    pods: [owned("a", "web"), podNamed("b", { labels: { app: "shop" } })], want: ["update b", "updateStatus web"] },
  { name: "releases what matches no more",        pods: [owned("a", "web"), owned("b", "other")],                     want: ["update b", "updateStatus web"] },
];

for (const { name, pods, want } of CASES) {
  Deno.test(`replica set: ${name}`, () => {
    const { writes } = replicaSetController.plan(SET, worldOf([SET, ...pods]));
    const seen = writes.map((write) =>
      write.verb === "deleteCollection"
        ? write.verb
        : `${write.verb} ${write.object.metadata.name}`.trim()
    );
    assert.deepEqual(seen, want);
  });
}

Deno.test("replica set: adopts a pod that comes later, and replaces one that goes", async () => {
  const cluster = await startCluster();
  await cluster.api.create(PODS, podNamed("early", { labels: { app: "shop" } }));
  await cluster.api.create(REPLICA_SETS, SET);
  await cluster.clock.advance(10);
  const names = async () => (await cluster.pods()).map(({ metadata }) => metadata.name);
  assert.equal((await names()).length, 2);
  assert.ok((await names()).includes("early"));
  await cluster.api.delete(PODS, "default", "early");
  await cluster.clock.advance(10);
  assert.equal((await names()).length, 2);
  cluster.stop();
});
