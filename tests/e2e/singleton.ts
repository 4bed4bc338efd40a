/** A pod of which there must never be two: it writes a line for each beat to a folder that all nodes of a bed share. */
import assert from "node:assert/strict";
import type { Pod } from "../../api/types/core_v1.ts";
import { BED_IMAGE, type BedCluster, until } from "../fixtures/bed/cluster.ts";

/** Of a silent node: its lease of 10 s, then so long; the cluster's own is 300 s. */
const TOLERATED_SECONDS = 5;
const REPLACED_MS_MAX = 90_000;
const LEASE_MS = 10_000;

export interface Singleton {
  /** Resolves once another node runs it. */
  replaced(): Promise<void>;
  /** Fails where two nodes ran it at one time, or the first took it up again. */
  ranOnceOnly(): Promise<void>;
}

/** Starts it on this node, with a controller that replaces it. */
export async function startSingleton(cluster: BedCluster, nodeName: string): Promise<Singleton> {
  const { kubectl } = cluster;
  const folder = await Deno.makeTempDir({ prefix: "wherry-once-" });
  await kubectl.apply(deployment(folder, nodeName));
  await kubectl.run("rollout", "status", "deployment/once", "--timeout=90s");
  const beats = async () => {
    const text = await Deno.readTextFile(`${folder}/beats`).catch(() => "");
    return text.trim().split("\n").map((line) => line.split(" ")).map(([node = "", at = ""]) => ({
      node,
      at: Number(at),
    }));
  };
  await until(
    async () => (await beats()).some(({ node }) => node === nodeName),
    () => `it does not run on ${nodeName}`,
    REPLACED_MS_MAX,
  );
  const cutAt = Date.now();
  return {
    async replaced() {
      await until(
        async () => (await beats()).some(({ node }) => node !== "" && node !== nodeName),
        () => "no other node runs it",
        REPLACED_MS_MAX,
      );
      const tookMs = Date.now() - cutAt;
      assert.ok(tookMs >= LEASE_MS, `replaced after ${tookMs} ms, when its node may have run it`);
      console.log(`a pod of a node that is cut off runs elsewhere after ${tookMs / 1000} s`);
    },
    async ranOnceOnly() {
      const all = await beats();
      const lastHere = Math.max(...all.filter(({ node }) => node === nodeName).map(({ at }) => at));
      const firstThere = Math.min(
        ...all.filter(({ node }) => node !== nodeName).map(({ at }) => at),
      );
      assert.ok(
        lastHere < firstThere,
        `${nodeName} ran it until ${lastHere}, others from ${firstThere}`,
      );
      const { items } = await kubectl.json<{ items: Pod[] }>("get", "pods", "-l", "app=once");
      const running = items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
      assert.deepEqual(running.map(({ spec }) => spec.nodeName === nodeName), [false]);
      await kubectl.run("delete", "deployment", "once", "--wait=false");
      await Deno.remove(folder, { recursive: true }).catch(() => {}); // it may write on for a moment
    },
  };
}

function deployment(folder: string, nodeName: string): unknown {
  const labels = { app: "once" };
  const tolerated = ["not-ready", "unreachable"].map((taint) => ({
    key: `node.kubernetes.io/${taint}`,
    operator: "Exists",
    effect: "NoExecute",
    tolerationSeconds: TOLERATED_SECONDS,
  }));
  const here = { key: "kubernetes.io/hostname", operator: "In", values: [nodeName] };
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name: "once" },
    spec: {
      replicas: 1,
      strategy: { type: "Recreate" },
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          terminationGracePeriodSeconds: 1,
          tolerations: tolerated,
          affinity: {
            nodeAffinity: {
              preferredDuringSchedulingIgnoredDuringExecution: [
                { weight: 100, preference: { matchExpressions: [here] } },
              ],
            },
          },
          containers: [{
            name: "main",
            image: BED_IMAGE.name,
            env: [{ name: "NODE", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } }],
            command: [
              ...["sh", "-c"],
              "while :; do echo $NODE $(date +%s) >> /once/beats; sleep 1; done",
            ],
            volumeMounts: [{ name: "once", mountPath: "/once" }],
          }],
          volumes: [{ name: "once", hostPath: { path: folder } }],
        },
      },
    },
  };
}
