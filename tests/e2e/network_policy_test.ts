import assert from "node:assert/strict";
import type { Service } from "../../api/types/core_v1.ts";
import { EXAMPLE_IMAGE } from "../../cmd/example.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { eventually, readyPods } from "./pods.ts";

Deno.test("network policies decide who reaches a pod, through a service as well", async (t) => {
  await using cluster = await startCluster({});
  const { kubectl } = cluster;
  const probe = { readinessProbe: { httpGet: { port: 80 }, periodSeconds: 1 } };
  const ports = [{ name: "http", containerPort: 80 }];
  await kubectl.apply(podNamed("web", { image: EXAMPLE_IMAGE, ports, ...probe }));
  for (const name of ["friend", "stranger"]) {
    await kubectl.apply(podNamed(name, { image: "busybox:1.35", command: ["sleep", "3600"] }));
  }
  await kubectl.run("expose", "pod", "web", "--port=80");
  for (const name of ["web", "friend", "stranger"]) await readyPods(cluster, name, 1);
  const service = await kubectl.json<Service>("get", "service", "web");
  const ip = service.spec.clusterIP ?? "";

  await t.step("without one everybody does", () => reach(cluster, ip, ["friend", "stranger"]));
  await t.step("nobody, where nothing is let in, but for the node", async () => {
    await kubectl.apply(policy("deny", { podSelector: {}, policyTypes: ["Ingress"] }));
    await reach(cluster, ip, []);
    const answer = await fetch(`http://${ip}/hostname`);
    assert.equal((await answer.text()).trim(), "web");
    await readyPods(cluster, "web", 1);
  });
  await t.step("one more policy lets some in", async () => {
    const from = [{ podSelector: { matchLabels: { app: "friend" } } }];
    const ingress = [{ from, ports: [{ port: "http" }] }];
    const podSelector = { matchLabels: { app: "web" } };
    await kubectl.apply(policy("friends", { podSelector, ingress }));
    await reach(cluster, ip, ["friend"]);
  });
  await t.step("a pod that comes counts by its labels", async () => {
    await kubectl.run("label", "pod", "stranger", "app=friend", "--overwrite");
    await reach(cluster, ip, ["friend", "stranger"]);
    await kubectl.run("label", "pod", "stranger", "app=stranger", "--overwrite");
    await reach(cluster, ip, ["friend"]);
  });
  await t.step("nothing out", async () => {
    await kubectl.apply(policy("mute", {
      podSelector: { matchLabels: { app: "friend" } },
      policyTypes: ["Egress"],
    }));
    await reach(cluster, ip, []);
  });
  await t.step("what was dropped is counted, and why", async () => {
    const metrics = await kubectl.run("get", "--raw", "/api/v1/nodes/e2e-node/proxy/metrics");
    const dropped = (pod: string, direction: string, policies: string) =>
      new RegExp(
        `dropped_packets_total\\{namespace="default",pod="${pod}",direction=` +
          `"${direction}",policies="${policies}"\\} [1-9]`,
      );
    assert.match(metrics, dropped("web", "ingress", "default/deny,default/friends"));
    assert.match(metrics, dropped("friend", "egress", "default/mute"));
  });
  await t.step("without one again everybody", async () => {
    await kubectl.run("delete", "networkpolicy", "--all");
    await reach(cluster, ip, ["friend", "stranger"]);
  });
});

/** Waits until just these get an answer. */
async function reach({ kubectl }: Cluster, ip: string, want: readonly string[]): Promise<void> {
  await eventually(async () => {
    const answers = await Promise.all(["friend", "stranger"].map(async (name) => {
      const command = `timeout 3 wget -q -O - http://${ip}/hostname`;
      const { stdout } = await kubectl.try(["exec", name, "--", "sh", "-c", command]);
      return stdout.trim() === "web" ? [name] : [];
    }));
    const got = answers.flat();
    return got.join() === want.join() ? "" : `${got.join() || "nobody"} gets an answer`;
  });
}

function podNamed(name: string, container: object) {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { app: name } },
    spec: { terminationGracePeriodSeconds: 1, containers: [{ name: "main", ...container }] },
  };
}

function policy(name: string, spec: object) {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name },
    spec,
  };
}
