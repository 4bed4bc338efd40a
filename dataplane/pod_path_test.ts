import assert from "node:assert/strict";
import { removeEbpf } from "./ebpf_backend.ts";
import { ECHO_PORT } from "./echo_pod_contract.ts";
import { renderRemoval } from "./nftables_plan.ts";
import { PodPath } from "./pod_path.ts";
import {
  commands,
  type EchoProcess,
  leftovers,
  missingPieces,
  PodWorld,
} from "./pod_world_contract.ts";

/** How long the end of a connection may take, on a busy machine. */
const ENDED_MS_MAX = 10_000;

/** States of sockets that wait for no packet: TIME_WAIT and LISTEN. Source: include/net/tcp_states.h */
const OVER = new Set(["06", "0A"]);

const missing = await missingPieces();
if (missing.length > 0) {
  console.log(`pod path: the kernel is not asked, this host lacks ${missing.join(", ")}`);
}

Deno.test({
  name: "pod path: packets between pods pass the host by, unless a policy is about one of them",
  ignore: missing.length > 0,
  async fn(t) {
    const world = await PodWorld.create("test-path", 9);
    const table = `${world.names.cluster}-seen`;
    let path = await PodPath.open(world.names);
    try {
      await world.addPods(2);
      const [from, to] = world.pods;
      assert(from !== undefined && to !== undefined);
      await countForwarded(table, from.ip, to.ip);
      const target = { protocol: "tcp", host: to.ip, port: ECHO_PORT } as const;
      const ask = async () => {
        const { client } = await from.echo.ask(target);
        assert.equal(client.split(":")[0], from.ip);
        await from.echo.ask({ ...target, protocol: "udp" });
        for (const { echo } of world.pods) await connectionsEnded(echo);
        return await forwarded(table);
      };

      await t.step("without it the host forwards them", async () => {
        assert.notEqual(await ask(), 0);
      });
      await t.step(
        "with it the host sees none of them, and pods that were wired before go too",
        async () => {
          await world.network.usePath(path);
          assert.equal(await ask(), 0);
        },
      );
      for (const guarded of [from, to]) {
        await t.step(`a policy about ${guarded.uid} brings them back`, async () => {
          path.guard(new Set([guarded.ip]));
          assert.notEqual(await ask(), 0);
        });
      }
      await t.step("what was guarded stays so when the agent starts again", async () => {
        path.close();
        path = await PodPath.open(world.names);
        await world.network.usePath(path);
        assert.notEqual(await ask(), 0);
        path.guard(new Set());
        assert.equal(await ask(), 0);
      });
      await t.step("while no agent runs they go on", async () => {
        path.close();
        assert.equal(await ask(), 0);
        path = await PodPath.open(world.names);
        await world.network.usePath(path);
      });
      await t.step("a pod that is gone refuses", async () => {
        await world.network.detach(to.uid);
        await assert.rejects(from.echo.ask(target), { code: "ECONNREFUSED" });
      });
    } finally {
      path.close();
      await removeEbpf(world.names);
      await world.remove();
      await commands.run("nft", ["-f", "-"], `${renderRemoval(table).join("\n")}\n`);
    }
    assert.deepEqual(await leftovers(world.names), []);
  },
});

/** The end of a connection is on its way when the answer is told: it is through once no socket of the pod waits for it. */
async function connectionsEnded({ child: { pid } }: EchoProcess): Promise<void> {
  for (const untilMs = performance.now() + ENDED_MS_MAX;;) {
    const tables = await Promise.all(
      ["tcp", "tcp6"].map((name) => Deno.readTextFile(`/proc/${pid}/net/${name}`)),
    );
    const states = tables.flatMap((text) => text.trimEnd().split("\n").slice(1))
      .map((line) => line.trim().split(/\s+/)[3] ?? "");
    if (states.every((state) => OVER.has(state))) return;
    assert(performance.now() < untilMs, `sockets in states ${states.join(", ")}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** Lets the host count what it forwards between two pods: what their runtimes ask of others is none of it. */
async function countForwarded(table: string, ...ips: string[]): Promise<void> {
  const pods = `{ ${ips.join(", ")} }`;
  const script = `table ip ${table} {
  counter seen { }
  chain forward {
    type filter hook forward priority -300
    ip saddr ${pods} ip daddr ${pods} counter name seen
  }
}
`;
  await commands.run("nft", ["-f", "-"], script);
}

/** Packets since it was last asked. */
async function forwarded(table: string): Promise<number> {
  const json = await commands.run("nft", ["-j", "reset", "counters", "table", "ip", table]);
  const { nftables } = JSON.parse(json) as { nftables: { counter?: { packets: number } }[] };
  return nftables.reduce((sum, { counter }) => sum + (counter?.packets ?? 0), 0);
}
