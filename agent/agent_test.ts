import assert from "node:assert/strict";
import { LEASES } from "../api/types/coordination_v1.ts";
import { NODE_LEASE_NAMESPACE, PROGRAMMED_ANNOTATION } from "../api/types/drain_barrier.ts";
import { CONFIG_MAPS, EVENTS, NODES, PODS } from "../api/types/resources.ts";
import { StatusError } from "../api/types/status.ts";
import { cutOff, IMAGE, readiness, World } from "./agent_world.ts";
import { UNREACHABLE } from "./fencing/fenced_pod.ts";
import { RuntimeError, SANDBOX } from "./runtime.ts";

Deno.test("rows 25 and 28: an agent registers its node and renews its lease, without writing its status again", async () => {
  await using world = await World.open();
  const node = await world.api.get(NODES, "", "node-1");
  assert.equal(node.metadata.labels?.["kubernetes.io/hostname"], "node-1");
  assert.deepEqual(node.status?.capacity, {
    cpu: "2",
    "ephemeral-storage": "1024Ki",
    memory: "1048576Ki",
    pods: "110",
  });
  assert.equal(node.status?.daemonEndpoints?.kubeletEndpoint?.Port, 10250);
  assert.equal(readiness(node), "True");
  const leases = world.count("patch", LEASES);
  const nodes = world.count("patch", NODES);
  await world.advance(60_000);
  assert.equal(world.count("patch", LEASES) - leases, 20);
  assert.equal(world.count("patch", NODES), nodes);
});

Deno.test("agent: sets the node ready again when someone has called it unknown", async () => {
  await using world = await World.open();
  const node = structuredClone(await world.api.get(NODES, "", "node-1"));
  for (const condition of node.status?.conditions ?? []) condition.status = "Unknown";
  await world.api.updateStatus(NODES, node);
  await world.settle();
  assert.equal(readiness(await world.api.get(NODES, "", "node-1")), "True");
});

Deno.test("row 26: an agent registers as soon as the API is there", async () => {
  await using world = await World.open(undefined, cutOff);
  await world.advance(60_000);
  world.api.intercept = () => {};
  assert.deepEqual((await world.api.list(NODES)).items, []);
  await world.advance(10_000);
  assert.equal(readiness(await world.api.get(NODES, "", "node-1")), "True");
});

Deno.test("row 26: an agent registers again after its node was deleted", async () => {
  await using world = await World.open();
  await world.api.delete(NODES, "", "node-1");
  await world.settle();
  assert.equal(readiness(await world.api.get(NODES, "", "node-1")), "True");
});

Deno.test("agent: a runtime that does not answer makes the node not ready, until it does", async () => {
  await using world = await World.open();
  world.runtime.intercept = () => {
    throw new RuntimeError("Unavailable", "connect ENOENT");
  };
  await world.advance(61_000);
  assert.equal(readiness(await world.api.get(NODES, "", "node-1")), "False");
  world.runtime.intercept = () => {};
  await world.advance(61_000);
  assert.equal(readiness(await world.api.get(NODES, "", "node-1")), "True");
});

Deno.test("agent: runs a pod, with two writes of its status", async () => {
  await using world = await World.open();
  await world.createPod("web");
  const { status } = await world.pod("web");
  assert.deepEqual([status?.phase, status?.podIP, status?.hostIP], [
    "Running",
    "10.0.0.1",
    "192.0.2.1",
  ]);
  assert.equal(world.count("updateStatus", PODS), 2);
  assert.deepEqual(world.takeCalls(), ["create POD", "start POD", "create a", "start a"].sort());
  await world.advance(300_000);
  assert.equal(world.count("updateStatus", PODS), 2);
});

Deno.test("agent: restarts a container in place, then waits longer each time", async () => {
  await using world = await World.open();
  await world.createPod("web");
  world.takeCalls();
  world.die("a", 137);
  await world.settle();
  const [a] = (await world.pod("web")).status?.containerStatuses ?? [];
  assert.deepEqual([a?.restartCount, a?.ready, a?.lastState?.terminated?.exitCode], [1, true, 137]);
  assert.deepEqual(world.takeCalls(), ["create a", "start a"]);
  world.die("a", 1);
  await world.settle();
  assert.equal(await world.waitingReason("web"), "CrashLoopBackOff");
  await world.advance(9_000);
  assert.deepEqual(world.takeCalls(), []);
  await world.advance(2_000);
  // of the dead only the newest besides the last is kept
  assert.deepEqual(world.takeCalls(), ["create a", "remove a", "start a"]);
});

Deno.test("agent: keeps the address and the sandbox over a restart, not over the sandbox's end", async () => {
  await using world = await World.open();
  await world.createPod("web");
  world.die("a", 1);
  await world.settle();
  assert.equal((await world.pod("web")).status?.podIP, "10.0.0.1");
  world.die(SANDBOX, 137);
  await world.settle();
  const { status } = await world.pod("web");
  assert.equal(status?.podIP, "10.0.0.2");
  assert.equal(status?.containerStatuses?.[0]?.restartCount, 2);
});

Deno.test("agent: a new one restarts nothing and writes nothing", async () => {
  const world = await World.open();
  await world.createPod("web");
  world.takeCalls();
  const writes = world.count("updateStatus", PODS);
  await world.stop();
  await using again = await World.open(world);
  await again.settle();
  assert.deepEqual(again.takeCalls(), []);
  assert.equal(again.count("updateStatus", PODS), writes);
});

Deno.test("agent: clears away what was deleted while it was gone", async () => {
  const world = await World.open();
  const pod = await world.createPod("web");
  await world.stop();
  await world.api.delete(PODS, "default", "web", { gracePeriodSeconds: 0 });
  await using again = await World.open(world);
  await again.settle();
  assert.deepEqual(await again.runtime.listContainers(), []);
  assert.deepEqual(await again.files.list("/data/pods"), []);
  assert.ok(!again.network.wired.has(pod.metadata.uid ?? ""));
});

Deno.test("agent: goes on with its pods while the API is away", async () => {
  await using world = await World.open();
  await world.createPod("web");
  world.api.intercept = () => {
    throw new StatusError("ServiceUnavailable", "no answer");
  };
  world.takeCalls();
  world.die("a", 1);
  await world.advance(5_000);
  assert.deepEqual(world.takeCalls(), ["create a", "start a"]);
  world.api.intercept = () => {};
  await world.advance(30_000);
  assert.equal((await world.pod("web")).status?.containerStatuses?.[0]?.restartCount, 1);
});

Deno.test("agent: a deleted pod gets its grace period, then every trace of it goes", async () => {
  await using world = await World.open();
  await world.createPod("web", { terminationGracePeriodSeconds: 12 });
  world.takeCalls();
  await world.api.delete(PODS, "default", "web");
  await world.settle();
  assert.deepEqual(world.takeCalls().filter((call) => call.startsWith("stop")), ["stop a 12"]);
  assert.deepEqual((await world.api.list(PODS)).items, []);
  assert.deepEqual(await world.runtime.listContainers(), []);
  assert.deepEqual(await world.files.list("/data/pods"), []);
  assert.equal(world.network.wired.size, 0);
});

Deno.test("agent: a deleted pod is told to end once no service leads to it", async () => {
  await using world = await World.open();
  await world.createPod("web");
  world.takeCalls();
  const drained = Promise.withResolvers<void>();
  world.drained = () => drained.promise;
  await world.api.delete(PODS, "default", "web");
  await world.settle();
  assert.deepEqual(world.takeCalls(), []);
  drained.resolve();
  await world.settle();
  assert.ok(world.takeCalls().some((call) => call.startsWith("stop a")));
});

Deno.test("agent: says at once what its kernel has, and what comes together in one renewal", async () => {
  await using world = await World.open();
  await world.advance(1_000);
  const said = async () => {
    const { metadata } = await world.api.get(LEASES, NODE_LEASE_NAMESPACE, "node-1");
    return metadata.annotations?.[PROGRAMMED_ANNOTATION];
  };
  assert.equal(await said(), "0");
  const renewals = world.count("patch", LEASES);
  world.programmed = 41;
  world.tellProgrammed();
  await world.settle();
  assert.equal(await said(), "41");
  for (const revision of [42, 43, 44]) {
    world.programmed = revision;
    world.tellProgrammed();
    await world.advance(1);
  }
  assert.equal(await said(), "41");
  await world.advance(20);
  assert.equal(await said(), "44");
  assert.equal(world.count("patch", LEASES) - renewals, 2);
});

Deno.test("agent: a pod that ended stays, without its sandbox and address", async () => {
  await using world = await World.open();
  world.runtime.programs.set("job", { exits: 0 });
  const containers = [{ name: "a", image: IMAGE, command: ["job"] }];
  await world.createPod("job", { restartPolicy: "OnFailure", containers });
  assert.equal((await world.pod("job")).status?.phase, "Succeeded");
  const left = await world.runtime.listContainers();
  assert.deepEqual(left.map(({ name }) => name), ["a"]);
  assert.equal(world.network.wired.size, 0);
});

Deno.test("agent: a missing config map holds up its container alone, until it is there", async () => {
  await using world = await World.open();
  const valueFrom = { configMapKeyRef: { name: "settings", key: "color" } };
  await world.createPod("web", {
    containers: [
      { name: "a", image: IMAGE, env: [{ name: "COLOR", valueFrom }] },
      { name: "b", image: IMAGE },
    ],
  });
  const { status } = await world.pod("web");
  const [a, b] = status?.containerStatuses ?? [];
  assert.deepEqual(a?.state?.waiting, {
    reason: "CreateContainerConfigError",
    message: 'configmap "settings" not found',
  });
  assert.ok(b?.state?.running);
  await world.api.create(CONFIG_MAPS, {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "settings", namespace: "default" },
    data: { color: "blue" },
  });
  await world.advance(10_000);
  assert.equal((await world.pod("web")).status?.phase, "Running");
});

Deno.test("agent: pulls what it lacks, says what fails, and tries again later", async () => {
  await using world = await World.open();
  await world.createPod("web", { containers: [{ name: "a", image: "far:1" }] });
  assert.equal(await world.waitingReason("web"), "ErrImagePull");
  await world.advance(5_000);
  assert.equal(await world.waitingReason("web"), "ImagePullBackOff");
  world.runtime.registry.add("far:1");
  await world.advance(5_000);
  assert.equal((await world.pod("web")).status?.phase, "Running");
  await world.advance(1_000);
  const events = (await world.api.list(EVENTS)).items;
  const reasons = events.map(({ reason }) => reason);
  for (const reason of ["Pulling", "Pulled", "Failed", "Created", "Started"]) {
    assert.ok(reasons.includes(reason), `no event ${reason}`);
  }
  assert.ok(!events.some(({ message = "" }) => message.includes("already present")));
});

Deno.test("agent: Always asks the registry though the image is there; Never does not ask", async () => {
  await using world = await World.open();
  const container = { name: "a", image: IMAGE };
  await world.createPod("always", { containers: [{ ...container, imagePullPolicy: "Always" }] });
  assert.equal(await world.waitingReason("always"), "ErrImagePull");
  await world.createPod("never", {
    containers: [{ ...container, image: "none:1", imagePullPolicy: "Never" }],
  });
  assert.equal(await world.waitingReason("never"), "ErrImageNeverPull");
  assert.ok(!world.runtime.calls.includes("pull none:1"));
});

Deno.test("agent: of two pods that want one host port the older runs and the other fails", async () => {
  await using world = await World.open();
  const containers = [{ name: "a", image: IMAGE, ports: [{ containerPort: 80, hostPort: 80 }] }];
  await world.createPod("first", { containers });
  await world.createPod("second", { containers });
  assert.equal((await world.pod("first")).status?.phase, "Running");
  const { status } = await world.pod("second");
  assert.deepEqual([status?.phase, status?.reason], ["Failed", "hostPortConflict"]);
});

Deno.test("agent: a sandbox that can't be wired is thrown away and tried again", async () => {
  await using world = await World.open();
  let failures = 2;
  world.network.intercept = () => {
    if (failures-- > 0) throw new Error("no address left");
  };
  await world.createPod("web");
  await world.advance(2_000);
  assert.equal((await world.pod("web")).status?.phase, "Running");
  const sandboxes = (await world.runtime.listContainers()).filter(({ name }) => name === SANDBOX);
  assert.equal(sandboxes.length, 1);
});

Deno.test("agent: a readiness probe takes the pod out of service, a liveness probe restarts it", async () => {
  await using world = await World.open();
  const probe = { tcpSocket: { port: 80 }, periodSeconds: 1, failureThreshold: 2 };
  await world.createPod("web", {
    containers: [{ name: "a", image: IMAGE, readinessProbe: probe }],
  });
  await world.advance(1_100);
  assert.equal((await world.pod("web")).status?.containerStatuses?.[0]?.ready, true);
  world.probe = { isSuccess: false, output: "refused" };
  await world.advance(2_000);
  assert.equal((await world.pod("web")).status?.containerStatuses?.[0]?.ready, false);
  assert.equal((await world.pod("web")).status?.containerStatuses?.[0]?.restartCount, 0);
  await world.createPod("sick", {
    containers: [{ name: "a", image: IMAGE, livenessProbe: probe }],
  });
  await world.advance(1_100);
  assert.equal((await world.pod("sick")).status?.containerStatuses?.[0]?.restartCount, 1);
});

Deno.test("agent: a pod that becomes ready soon after its start is not left waiting for a whole period", async () => {
  await using world = await World.open();
  world.probe = { isSuccess: false, output: "not yet" };
  const readinessProbe = { tcpSocket: { port: 80 }, periodSeconds: 10 };
  await world.createPod("web", { containers: [{ name: "a", image: IMAGE, readinessProbe }] });
  assert.equal(readiness(await world.pod("web")), "False");
  world.probe = { isSuccess: true, output: "" };
  await world.advance(1_000);
  assert.equal(readiness(await world.pod("web")), "True");
});

Deno.test("agent: the deadline of a pod ends it", async () => {
  await using world = await World.open();
  await world.createPod("job", { activeDeadlineSeconds: 30 });
  await world.advance(31_000);
  const { status } = await world.pod("job");
  assert.deepEqual([status?.phase, status?.reason], ["Failed", "DeadlineExceeded"]);
});

Deno.test("agent: one that starts while cut off ends what others may run, and lets it run again later", async () => {
  const world = await World.open();
  const tolerations = [{ key: UNREACHABLE, operator: "Exists", tolerationSeconds: 60 } as const];
  await world.createPod("web", { tolerations });
  await world.createPod("daemon", { tolerations: [{ operator: "Exists" }] });
  world.api.intercept = cutOff;
  await world.advance(20_000);
  await world.stop();
  await using again = await World.open(world);
  await again.advance(15_000);
  assert.deepEqual(await again.running(), ["daemon", "web"]);
  await again.advance(10_000);
  assert.deepEqual(await again.running(), ["daemon"]);
  again.api.intercept = () => {};
  await again.advance(30_000);
  assert.deepEqual(await again.running(), ["daemon", "web"]);
  const { status } = await again.pod("web");
  assert.deepEqual([status?.phase, status?.containerStatuses?.[0]?.restartCount], ["Running", 1]);
});

Deno.test("agent: a node that is back asks what it still has once all that was decided before is written", async () => {
  await using world = await World.open();
  const tolerations = [{ key: UNREACHABLE, operator: "Exists", tolerationSeconds: 5 } as const];
  await world.createPod("web", { tolerations });
  world.api.intercept = cutOff;
  await world.advance(20_000);
  assert.deepEqual(await world.running(), []);
  const isWritten = Promise.withResolvers<void>();
  world.api.intercept = async ({ verb, resource }) => {
    if (verb === "patch" && resource === "nodes") await isWritten.promise;
  };
  await world.advance(20_000);
  assert.deepEqual(await world.running(), []);
  isWritten.resolve();
  await world.advance(20_000);
  assert.deepEqual(await world.running(), ["web"]);
});

Deno.test("agent: a pod that is stopped while its image is pulled rests until it may run again", async () => {
  await using world = await World.open();
  const tolerations = [{ key: UNREACHABLE, operator: "Exists", tolerationSeconds: 5 } as const];
  const pulled = Promise.withResolvers<void>();
  world.runtime.pullImage = () => pulled.promise;
  const container = { name: "a", image: IMAGE, imagePullPolicy: "Always" } as const;
  await world.createPod("web", { containers: [container], tolerations });
  world.api.intercept = cutOff;
  await world.advance(20_000);
  world.takeCalls();
  world.api.intercept = () => {};
  pulled.resolve();
  await world.advance(20_000);
  assert.deepEqual(await world.running(), ["web"]);
});

Deno.test("agent: one that starts while cut off knows nothing of a pod: it has what every pod tolerates", async () => {
  const world = await World.open();
  await world.createPod("web");
  world.files.files.delete("/data/fence/pods.json");
  world.api.intercept = cutOff;
  await world.stop();
  await using again = await World.open(world);
  await again.advance(270_000);
  assert.deepEqual(await again.running(), ["web"]);
  await again.advance(15_000);
  assert.deepEqual(await again.running(), []);
});
