import assert from "node:assert/strict";
import type { PersistentVolume, PersistentVolumeClaim } from "../../api/types/core_v1.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { eventually, readyPods } from "./pods.ts";

const LABELS = { app: "db" };

Deno.test("the pods of a stateful set keep their data, which goes with the claim", async () => {
  await using cluster = await startCluster({});
  const { kubectl } = cluster;
  await kubectl.apply(statefulSet());
  await readyPods(cluster, "db", 1);
  await kubectl.run("exec", "db-0", "--", "sh", "-c", "echo precious > /data/file");
  await kubectl.run("delete", "pod", "db-0", "--now");
  await readyPods(cluster, "db", 1);
  assert.equal(await kubectl.run("exec", "db-0", "--", "cat", "/data/file"), "precious\n");
  const claim = await kubectl.json<PersistentVolumeClaim>("get", "pvc", "data-db-0");
  assert.deepEqual([claim.status?.phase, claim.status?.capacity], ["Bound", { storage: "1Gi" }]);
  const { spec } = await volumeOf(cluster, claim);
  assert.equal(spec.local?.path, `${cluster.settings.dataDir}/volumes/${claim.spec.volumeName}`);
  // deleted while a pod uses it, the claim waits for the pod
  await kubectl.run("delete", "pvc", "data-db-0", "--wait=false");
  assert.equal(await kubectl.run("exec", "db-0", "--", "cat", "/data/file"), "precious\n");
  await kubectl.run("delete", "statefulset", "db");
  await kubectl.run("wait", "--for=delete", "pvc/data-db-0", "--timeout=90s");
  await eventually(async () => {
    const { status } = await volumeOf(cluster, claim);
    return status?.phase === "Released" ? "" : `the volume is ${status?.phase}`;
  });
});

async function volumeOf({ kubectl }: Cluster, { spec }: PersistentVolumeClaim) {
  return await kubectl.json<PersistentVolume>("get", "pv", spec.volumeName ?? "");
}

/** Its claims name no class: they get the default one. */
function statefulSet(): object {
  const volumeMounts = [{ name: "data", mountPath: "/data" }];
  const container = { name: "main", image: "busybox:1.35", command: ["sleep", "3600"] };
  const resources = { requests: { storage: "1Gi" } };
  return {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: { name: "db" },
    spec: {
      serviceName: "db",
      selector: { matchLabels: LABELS },
      template: {
        metadata: { labels: LABELS },
        spec: {
          terminationGracePeriodSeconds: 1,
          securityContext: { runAsUser: 1000 },
          containers: [{ ...container, volumeMounts }],
        },
      },
      volumeClaimTemplates: [{
        metadata: { name: "data" },
        spec: { accessModes: ["ReadWriteOnce"], resources },
      }],
    },
  };
}
