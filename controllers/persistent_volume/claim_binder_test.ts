import assert from "node:assert/strict";
import type {
  Node,
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeClaimSpec,
  Pod,
} from "../../api/types/core_v1.ts";
import {
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  PODS,
} from "../../api/types/resources.ts";
import { STORAGE_CLASSES, type StorageClass } from "../../api/types/storage_v1.ts";
import { startCluster } from "../fake_cluster.ts";

type Cluster = Awaited<ReturnType<typeof startCluster>>;

const LOCAL = "wherry.dev/local";
const MINUTE = 60_000;

function claimOf(
  name: string,
  storage: string,
  more: Partial<PersistentVolumeClaimSpec> = {},
): PersistentVolumeClaim {
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: { name, namespace: "default" },
    spec: {
      accessModes: ["ReadWriteOnce"],
      storageClassName: "",
      resources: { requests: { storage } },
      ...more,
    },
    status: { phase: "Pending" },
  };
}

function volumeOf(
  name: string,
  storage: string,
  more: Partial<PersistentVolume["spec"]> = {},
  labels: Record<string, string> = {},
): PersistentVolume {
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name, labels },
    spec: {
      accessModes: ["ReadWriteOnce"],
      capacity: { storage },
      hostPath: { path: `/${name}` },
      ...more,
    },
    status: { phase: "Pending" },
  };
}

function classNamed(name: string, more: Partial<StorageClass> = {}): StorageClass {
  return {
    apiVersion: "storage.k8s.io/v1",
    kind: "StorageClass",
    metadata: { name },
    provisioner: LOCAL,
    volumeBindingMode: "WaitForFirstConsumer",
    ...more,
  };
}

function podUsing(claimName: string, nodeName?: string): Pod {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "user", namespace: "default", uid: "uid-user" },
    spec: {
      containers: [{ name: "main", image: "img" }],
      volumes: [{ name: "data", persistentVolumeClaim: { claimName } }],
      ...(nodeName === undefined ? {} : { nodeName }),
    },
    status: { phase: "Pending" },
  };
}

const NODE: Node = { apiVersion: "v1", kind: "Node", metadata: { name: "n1" }, spec: {} };

/** Volumes first, so that all of them are there for the claims. */
async function clusterWith(
  volumes: readonly PersistentVolume[],
  claims: readonly PersistentVolumeClaim[],
): Promise<Cluster> {
  const cluster = await startCluster({}, { localVolumes: { folder: "/volumes" } });
  await cluster.api.create(NODES, NODE);
  for (const volume of volumes) await cluster.api.create(PERSISTENT_VOLUMES, volume);
  await cluster.clock.advance(1_000);
  for (const claim of claims) await cluster.api.create(PERSISTENT_VOLUME_CLAIMS, claim);
  await cluster.clock.advance(1_000);
  return cluster;
}

async function claim({ api }: Cluster, name = "c"): Promise<string> {
  const { spec, status } = await api.get(PERSISTENT_VOLUME_CLAIMS, "default", name);
  return `${status?.phase} ${spec.volumeName ?? "-"}`;
}

async function volume({ api }: Cluster, name: string): Promise<string> {
  const { spec, status } = await api.get(PERSISTENT_VOLUMES, "", name);
  return `${status?.phase} ${spec.claimRef?.name ?? "-"}`;
}

const REF = { namespace: "default", name: "c" };

interface Case {
  readonly name: string;
  readonly volumes: readonly PersistentVolume[];
  readonly claim: PersistentVolumeClaim;
  readonly want: string;
}

// deno-fmt-ignore
const CASES: Case[] = [
  { name: "the smallest that is large enough",      volumes: [volumeOf("a", "10Gi"), volumeOf("b", "2Gi"), volumeOf("d", "1Gi")],  claim: claimOf("c", "2Gi"),                                          want: "Bound b" },
  { name: "none where all are too small",           volumes: [volumeOf("a", "1Gi")],                                               claim: claimOf("c", "2Gi"),                                          want: "Pending -" },
  { name: "none of another class",                  volumes: [volumeOf("a", "2Gi", { storageClassName: "fast" })],                 claim: claimOf("c", "2Gi"),                                          want: "Pending -" },
  { name: "one of its class",                       volumes: [volumeOf("a", "2Gi", { storageClassName: "fast" })],                 claim: claimOf("c", "2Gi", { storageClassName: "fast" }),            want: "Bound a" },
  { name: "all modes that it wants",                volumes: [volumeOf("a", "2Gi"), volumeOf("b", "9Gi", { accessModes: ["ReadWriteOnce", "ReadWriteMany"] })], claim: claimOf("c", "1Gi", { accessModes: ["ReadWriteMany"] }), want: "Bound b" },
  { name: "the one that its selector selects",      volumes: [volumeOf("a", "2Gi"), volumeOf("b", "3Gi", {}, { tier: "gold" })],   claim: claimOf("c", "1Gi", { selector: { matchLabels: { tier: "gold" } } }), want: "Bound b" },
  { name: "the one that it names",                  volumes: [volumeOf("a", "1Gi"), volumeOf("b", "9Gi")],                         claim: claimOf("c", "1Gi", { volumeName: "b" }),                     want: "Bound b" },
  { name: "not the one it names that is too small", volumes: [volumeOf("b", "1Gi")],                                               claim: claimOf("c", "2Gi", { volumeName: "b" }),                     want: "Pending b" },
  { name: "none before the one that it names",      volumes: [volumeOf("a", "1Gi")],                                               claim: claimOf("c", "1Gi", { volumeName: "b" }),                     want: "Pending b" },
  { name: "the one that names it",                  volumes: [volumeOf("a", "1Gi"), volumeOf("b", "9Gi", { claimRef: REF })],      claim: claimOf("c", "1Gi"),                                          want: "Bound b" },
  { name: "none that names another",                volumes: [volumeOf("b", "9Gi", { claimRef: { ...REF, name: "x" } })],          claim: claimOf("c", "1Gi"),                                          want: "Pending -" },
  { name: "none of another mode",                   volumes: [volumeOf("b", "9Gi", { volumeMode: "Block" })],                      claim: claimOf("c", "1Gi"),                                          want: "Pending -" },
];
for (const { name, volumes, claim: wanted, want } of CASES) {
  Deno.test(`persistent volumes: a claim gets ${name}`, async () => {
    const cluster = await clusterWith(volumes, [wanted]);
    assert.equal(await claim(cluster), want);
    const [phase, bound = "-"] = want.split(" ");
    if (phase === "Bound") assert.equal(await volume(cluster, bound), "Bound c");
    cluster.stop();
  });
}

Deno.test("persistent volumes: two claims never get one volume, and the later waits for the next", async () => {
  const cluster = await clusterWith([volumeOf("a", "1Gi")], [
    claimOf("c", "1Gi"),
    claimOf("d", "1Gi"),
  ]);
  assert.deepEqual([await claim(cluster), await claim(cluster, "d")], ["Bound a", "Pending -"]);
  await cluster.api.create(PERSISTENT_VOLUMES, volumeOf("b", "1Gi"));
  await cluster.clock.advance(1_000);
  assert.equal(await claim(cluster, "d"), "Bound b");
  cluster.stop();
});

const POLICIES = [
  { policy: "Retain", want: "Released c" },
  { policy: "Delete", want: "Failed c" },
  { policy: "Recycle", want: "Failed c" },
] as const;
for (const { policy, want } of POLICIES) {
  Deno.test(`persistent volumes: without its claim one to ${policy} is ${want.split(" ")[0]}`, async () => {
    const spec = { persistentVolumeReclaimPolicy: policy };
    const cluster = await clusterWith([volumeOf("a", "1Gi", spec)], [claimOf("c", "1Gi")]);
    await cluster.api.delete(PERSISTENT_VOLUME_CLAIMS, "default", "c");
    await cluster.clock.advance(10 * MINUTE);
    assert.equal(await volume(cluster, "a"), want);
    // another claim of this name is another claim
    await cluster.api.create(PERSISTENT_VOLUME_CLAIMS, claimOf("c", "1Gi"));
    await cluster.clock.advance(1_000);
    assert.equal(await claim(cluster), "Pending -");
    cluster.stop();
  });
}

Deno.test("persistent volumes: a claim whose volume is gone is Lost", async () => {
  const cluster = await clusterWith([volumeOf("a", "1Gi")], [claimOf("c", "1Gi")]);
  const { metadata, ...rest } = await cluster.api.get(PERSISTENT_VOLUMES, "", "a");
  await cluster.api.update(PERSISTENT_VOLUMES, {
    ...rest,
    metadata: { ...metadata, finalizers: [] },
  });
  await cluster.api.delete(PERSISTENT_VOLUMES, "", "a");
  await cluster.clock.advance(1_000);
  assert.equal(await claim(cluster), "Lost a");
  cluster.stop();
});

Deno.test("persistent volumes: claim and volume stay while they are needed", async () => {
  const cluster = await clusterWith([volumeOf("a", "1Gi")], [claimOf("c", "1Gi")]);
  const { api, clock } = cluster;
  await api.create(PODS, podUsing("c", "n1"));
  await clock.advance(1_000);
  await api.delete(PERSISTENT_VOLUMES, "", "a");
  await api.delete(PERSISTENT_VOLUME_CLAIMS, "default", "c");
  await clock.advance(MINUTE);
  assert.deepEqual([await claim(cluster), await volume(cluster, "a")], ["Bound a", "Bound c"]);
  await api.delete(PODS, "default", "user", { gracePeriodSeconds: 0 });
  await clock.advance(1_000);
  await assert.rejects(claim(cluster), /NotFound/);
  await assert.rejects(volume(cluster, "a"), /NotFound/);
  cluster.stop();
});

Deno.test("persistent volumes: a claim that is deleted does not stay for a pod without a node, which will never get one with it", async () => {
  const cluster = await clusterWith([volumeOf("a", "1Gi")], [claimOf("c", "1Gi")]);
  const { api, clock } = cluster;
  await api.create(PODS, podUsing("c"));
  await clock.advance(1_000);
  await api.delete(PERSISTENT_VOLUME_CLAIMS, "default", "c");
  await clock.advance(1_000);
  await assert.rejects(claim(cluster), /NotFound/);
  cluster.stop();
});

Deno.test("persistent volumes: the default class makes a folder on the node of the first pod", async () => {
  const cluster = await clusterWith([], []);
  const { api, clock } = cluster;
  const annotations = { "storageclass.kubernetes.io/is-default-class": "true" };
  await api.create(
    STORAGE_CLASSES,
    classNamed("local", { metadata: { name: "local", annotations } }),
  );
  const { storageClassName: _none, ...spec } = claimOf("c", "1Gi").spec;
  const made = await api.create(PERSISTENT_VOLUME_CLAIMS, { ...claimOf("c", "1Gi"), spec });
  await clock.advance(1_000);
  assert.equal(await claim(cluster), "Pending -");
  await api.create(PODS, podUsing("c", "n1"));
  await clock.advance(1_000);
  const name = `pvc-${made.metadata.uid}`;
  assert.equal(await claim(cluster), `Bound ${name}`);
  const { spec: got } = await api.get(PERSISTENT_VOLUMES, "", name);
  assert.deepEqual(got.local, { path: `/volumes/${name}` });
  const [term] = got.nodeAffinity?.required?.nodeSelectorTerms ?? [];
  assert.deepEqual(term?.matchFields, [{ key: "metadata.name", operator: "In", values: ["n1"] }]);
  await api.delete(PODS, "default", "user", { gracePeriodSeconds: 0 });
  await api.delete(PERSISTENT_VOLUME_CLAIMS, "default", "c");
  await clock.advance(MINUTE);
  assert.equal(await volume(cluster, name), "Released c");
  await clock.advance(5 * MINUTE);
  await assert.rejects(volume(cluster, name), /NotFound/);
  cluster.stop();
});

Deno.test("persistent volumes: another provisioner is asked by an annotation", async () => {
  const cluster = await clusterWith([], []);
  const other = { provisioner: "example.com/disk", volumeBindingMode: "Immediate" as const };
  await cluster.api.create(STORAGE_CLASSES, classNamed("disk", other));
  await cluster.api.create(
    PERSISTENT_VOLUME_CLAIMS,
    claimOf("c", "1Gi", { storageClassName: "disk" }),
  );
  await cluster.clock.advance(1_000);
  const { metadata } = await cluster.api.get(PERSISTENT_VOLUME_CLAIMS, "default", "c");
  assert.equal(
    metadata.annotations?.["volume.kubernetes.io/storage-provisioner"],
    "example.com/disk",
  );
  assert.equal(await claim(cluster), "Pending -");
  cluster.stop();
});

Deno.test("persistent volumes: a pod's template of a claim becomes its own", async () => {
  const cluster = await clusterWith([volumeOf("a", "1Gi")], []);
  const { spec } = claimOf("c", "1Gi");
  const pod = podUsing("none");
  const volumes = [{
    name: "scratch",
    ephemeral: { volumeClaimTemplate: { metadata: { name: "" }, spec } },
  }];
  await cluster.api.create(PODS, { ...pod, spec: { ...pod.spec, volumes } });
  await cluster.clock.advance(1_000);
  assert.equal(await claim(cluster, "user-scratch"), "Bound a");
  const made = await cluster.api.get(PERSISTENT_VOLUME_CLAIMS, "default", "user-scratch");
  assert.equal(made.metadata.ownerReferences?.[0]?.kind, "Pod");
  cluster.stop();
});
