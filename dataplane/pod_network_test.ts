import assert from "node:assert/strict";
import { askTcp, ECHO_PORT } from "./echo_pod_contract.ts";
import { PodNetwork } from "./pod_network.ts";
import { commands, leftovers, missingPieces, PodWorld } from "./pod_world_contract.ts";

const missing = await missingPieces();
if (missing.length > 0) {
  console.log(`pod network: its tests are skipped, this host lacks ${missing.join(", ")}`);
}

function test(name: string, body: (world: PodWorld) => Promise<void>): void {
  Deno.test({
    name: `PodNetwork: ${name}`,
    ignore: missing.length > 0,
    async fn() {
      const world = await PodWorld.create("test-pods", 2);
      try {
        await body(world);
      } finally {
        await world.remove();
      }
      assert.deepEqual(await leftovers(world.names), []);
    },
  });
}

test("a restarted agent finds who has which address, and gives it to nobody else", async (world) => {
  await world.addPods(2);
  const options = { names: world.names, commands, log: () => {}, podCidr: world.addresses.podCidr };
  const restarted = await PodNetwork.open(options);
  const found = await restarted.list();
  assert.deepEqual(new Map(world.pods.map(({ uid, ip }) => [uid, ip])), found);
  for (const { ip, echo } of world.pods) {
    assert.equal((await askTcp(ip, ECHO_PORT)).name, echo.name);
  }
  const pid = world.pods[0]?.echo.child.pid ?? 0;
  const { ip } = await restarted.attach({ uid: "new", namespace: "default", name: "new" }, pid)
    .catch(() => ({ ip: "" }));
  assert(![...found.values()].includes(ip));
});

test("a pod in a new sandbox keeps its address", async (world) => {
  await world.addPods(1);
  const pod = world.pods[0] ?? assert.fail("no pod");
  await pod.echo.stop();
  await world.addPods(1);
  const again = world.pods[1] ?? assert.fail("no pod");
  assert.equal(again.uid, pod.uid);
  assert.equal(again.ip, pod.ip);
  assert.equal((await askTcp(again.ip, ECHO_PORT)).name, "pod-0");
});

test("a sandbox that is gone is said so, and its address is free again", async ({ network }) => {
  const pod = { uid: "gone", namespace: "default", name: "gone" };
  await assert.rejects(
    network.attach(pod, 0x3fffff),
    /Cannot wire pod default\/gone at 10\.198\./,
  );
  assert.deepEqual(await network.list(), new Map());
});

test("pods talk where the host drops what it forwards", async (world) => {
  const table = "add table ip test-pods-drop\n" +
    "add chain ip test-pods-drop forward { type filter hook forward priority 0; policy drop; }\n";
  await commands.run("nft", ["-f", "-"], table);
  try {
    await world.addPods(2);
    const [from, to] = world.pods;
    const target = { protocol: "tcp", host: to?.ip ?? "", port: ECHO_PORT } as const;
    await world.network.remove(); // so that the rules are written anew, with the dropping chain there
    const options = {
      names: world.names,
      commands,
      log: () => {},
      podCidr: world.addresses.podCidr,
    };
    const network = await PodNetwork.open(options);
    for (const { uid, echo } of world.pods) {
      await network.attach({ uid, namespace: "default", name: uid }, echo.child.pid);
    }
    const again = [...(await network.list()).values()];
    const answer = await from?.echo.ask({ ...target, host: again[1] ?? "" });
    assert.equal(answer?.name, "pod-1");
  } finally {
    await world.network.remove();
    const left = await commands.run("nft", ["list", "table", "ip", "test-pods-drop"]);
    await commands.run("nft", ["delete", "table", "ip", "test-pods-drop"]);
    assert(!left.includes("accept"), "our rules are gone from a chain that is not ours");
  }
});

Deno.test({
  name: "PodNetwork: wires a pod again and again",
  ignore: missing.length > 0,
  async fn() {
    const world = await PodWorld.create("test-pods", 2);
    try {
      await world.addPods(1);
      const pod = world.pods[0] ?? assert.fail("no pod");
      const identity = { uid: pod.uid, namespace: "default", name: "p" };
      for (let i = 0; i < 9; i++) {
        await world.network.detach(pod.uid);
        const { ip } = await world.network.attach(identity, pod.echo.child.pid);
        assert.equal((await world.network.list()).get(pod.uid), ip);
      }
    } finally {
      await world.remove();
    }
  },
});
