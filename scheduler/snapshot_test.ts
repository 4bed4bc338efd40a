import assert from "node:assert/strict";
import { FakeClock } from "../client/fake_clock.ts";
import { nodeWith, podWith, serviceWith } from "./fake_world.ts";
import { podInfoOf } from "./pod_info.ts";
import { ASSUMED_MS, Snapshot } from "./snapshot.ts";

Deno.test("snapshot: an assumed pod counts until it is taken back", () => {
  const { snapshot } = setUp();
  const pod = podWith("web", { cpu: "1" });
  snapshot.assume(podInfoOf(pod), "node-1");
  assert.equal(cpuOf(snapshot), 1000);
  snapshot.removePod(pod);
  assert.equal(cpuOf(snapshot), 0);
});

Deno.test("snapshot: an assumed pod that the watch shows is counted once and never expires", async () => {
  const { snapshot, clock, expired } = setUp();
  const pod = podWith("web", { cpu: "1" });
  snapshot.assume(podInfoOf(pod), "node-1");
  snapshot.awaitWatch(pod);
  snapshot.setPod(podWith("web", { cpu: "1", nodeName: "node-1" }));
  await clock.advance(ASSUMED_MS);
  assert.deepEqual([cpuOf(snapshot), snapshot.isAssumed(pod), expired.length], [1000, false, 0]);
});

Deno.test("row 52: an assumed pod that the watch never shows is forgotten after 30 s", async () => {
  const { snapshot, clock, expired } = setUp();
  const pod = podWith("web", { cpu: "1" });
  snapshot.assume(podInfoOf(pod), "node-1");
  snapshot.awaitWatch(pod);
  await clock.advance(ASSUMED_MS - 1);
  assert.equal(cpuOf(snapshot), 1000);
  await clock.advance(1);
  assert.deepEqual([cpuOf(snapshot), expired], [0, ["web"]]);
});

Deno.test("snapshot: a pod that the watch shows on another node moves there", () => {
  const { snapshot } = setUp();
  snapshot.setNode(nodeWith("node-2"));
  snapshot.assume(podInfoOf(podWith("web", { cpu: "1" })), "node-1");
  snapshot.setPod(podWith("web", { cpu: "1", nodeName: "node-2" }));
  assert.deepEqual([cpuOf(snapshot), cpuOf(snapshot, "node-2")], [0, 1000]);
});

Deno.test("snapshot: pods that come before their node, and outlive it, are not lost", () => {
  const { snapshot } = setUp();
  snapshot.setPod(podWith("early", { cpu: "1", nodeName: "node-9" }));
  assert.equal(snapshot.nodeNamed("node-9"), undefined);
  snapshot.setNode(nodeWith("node-9"));
  assert.equal(cpuOf(snapshot, "node-9"), 1000);
  snapshot.removeNode("node-9");
  assert.deepEqual(snapshot.nodes.map(({ name }) => name), ["node-1"]);
  snapshot.setNode(nodeWith("node-9"));
  assert.equal(cpuOf(snapshot, "node-9"), 1000);
});

Deno.test("snapshot: peers follow labels and services", () => {
  const { snapshot } = setUp();
  const web = podWith("web", { labels: { app: "web" }, nodeName: "node-1" });
  const peers = () => [...snapshot.peersOf(podWith("new", { labels: { app: "web" } })) ?? []];
  snapshot.setPod(web);
  assert.deepEqual(peers(), []);
  snapshot.setService(serviceWith("web", { app: "web" }));
  assert.deepEqual(peers(), [["node-1", 1]]);
  snapshot.setPod({ ...web, metadata: { ...web.metadata, labels: {} } });
  assert.deepEqual(peers(), []);
  snapshot.setPod(web);
  snapshot.setService(serviceWith("web", { app: "other" }));
  assert.deepEqual(peers(), []);
});

Deno.test("snapshot: counts end at nothing after a storm of random changes", () => {
  const { snapshot } = setUp();
  snapshot.setService(serviceWith("x", { app: "x" }));
  let state = 5;
  const whole = (max: number) => (state = state * 48271 % 2147483647) % max;
  for (let i = 0; i < 5_000; i += 1) {
    const labels = { app: whole(2) ? "x" : "y" };
    const pod = podWith(`p${whole(50)}`, { labels, cpu: "100m", hostPort: 80 + whole(3) });
    const placed = { ...pod, spec: { ...pod.spec, nodeName: "node-1" } };
    if (whole(3) === 0) snapshot.removePod(pod);
    else if (!snapshot.isAssumed(pod)) snapshot.setPod(placed);
  }
  for (let i = 0; i < 50; i += 1) snapshot.removePod(podWith(`p${i}`));
  const node = snapshot.nodes[0]!;
  const isFree = [80, 81, 82].every((port) =>
    !node.hasPortTaken({ port: `TCP/${port}`, address: "" })
  );
  assert.deepEqual([cpuOf(snapshot), node.pods.size, isFree], [0, 0, true]);
  assert.equal(snapshot.peersOf(podWith("n", { labels: { app: "x" } }))?.size, 0);
});

function setUp() {
  const clock = new FakeClock(0);
  const expired: string[] = [];
  const snapshot = new Snapshot(clock, ({ metadata }) => expired.push(metadata.name));
  snapshot.setNode(nodeWith("node-1"));
  return { clock, snapshot, expired };
}

function cpuOf(snapshot: Snapshot, name = "node-1"): number | undefined {
  return snapshot.nodeNamed(name)?.requested.milliCpu;
}
