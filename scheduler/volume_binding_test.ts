import assert from "node:assert/strict";
import type { PersistentVolumeClaim } from "../api/types/core_v1.ts";
import { infoOf, nodeWith, worldOf } from "./fake_world.ts";
import { fitsVolumes } from "./volume_binding.ts";

const CONFLICT = "node(s) had volume node affinity conflict";
const NO_VOLUME = "node(s) didn't find available persistent volumes to bind";
const UNBOUND = "pod has unbound immediate PersistentVolumeClaims";

const claim = (spec: PersistentVolumeClaim["spec"]): PersistentVolumeClaim => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name: "data", namespace: "default" },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, ...spec },
});

// deno-fmt-ignore
const CASES: { name: string; claim?: PersistentVolumeClaim; want: string[] | string }[] = [
  { name: "no such claim",                         want: 'persistentvolumeclaim "data" not found' },
  { name: "a claim that must be bound first",      claim: claim({ storageClassName: "now" }),                want: UNBOUND },
  { name: "a bound one goes where its volume is",  claim: claim({ volumeName: "on-a" }),                     want: ["", CONFLICT] },
  { name: "a volume that is not there",            claim: claim({ volumeName: "none" }),                     want: [NO_VOLUME, NO_VOLUME] },
  { name: "a free volume of the class",            claim: claim({ storageClassName: "hand" }),               want: ["", NO_VOLUME] },
  { name: "too small",                             claim: claim({ storageClassName: "hand", resources: { requests: { storage: "9Gi" } } }), want: [NO_VOLUME, NO_VOLUME] },
  { name: "another access mode",                   claim: claim({ storageClassName: "hand", accessModes: ["ReadWriteMany"] }), want: [NO_VOLUME, NO_VOLUME] },
  { name: "a volume that is made where it may be", claim: claim({ storageClassName: "made" }),               want: [NO_VOLUME, ""] },
];

for (const { name, claim, want } of CASES) {
  Deno.test(`CheckVolumeBinding: ${name}`, () => {
    const world = worldWith(claim);
    const volumes = [{ name: "v", persistentVolumeClaim: { claimName: "data" } }];
    const check = fitsVolumes(infoOf("p", { spec: { volumes } }), world);
    if (typeof check !== "function") assert.equal(check?.refusal, want);
    else assert.deepEqual(world.nodes.map((node) => check(node).join()), want);
  });
}

function worldWith(claim: PersistentVolumeClaim | undefined) {
  const world = worldOf(["a", "b"].map((zone) => nodeWith(zone, { labels: { zone } })));
  if (claim !== undefined) world.volumes.setClaim(claim);
  const inZone = { key: "zone", operator: "In" as const, values: ["a"] };
  world.volumes.volumes.set("on-a", {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: "on-a" },
    spec: {
      capacity: { storage: "5Gi" },
      accessModes: ["ReadWriteOnce"],
      storageClassName: "hand",
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [inZone] }] } },
    },
  });
  const classOf = (name: string, provisioner: string, isLate: boolean, zones: string[] = []) =>
    world.volumes.classes.set(name, {
      apiVersion: "storage.k8s.io/v1",
      kind: "StorageClass",
      metadata: { name },
      provisioner,
      volumeBindingMode: isLate ? "WaitForFirstConsumer" : "Immediate",
      ...(zones.length > 0 && {
        allowedTopologies: [{ matchLabelExpressions: [{ key: "zone", values: zones }] }],
      }),
    });
  classOf("now", "example.com/disk", false);
  classOf("hand", "kubernetes.io/no-provisioner", true);
  classOf("made", "example.com/disk", true, ["b"]);
  return world;
}
