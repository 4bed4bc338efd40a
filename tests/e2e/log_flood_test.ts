import assert from "node:assert/strict";
import type { Pod } from "../../api/types/core_v1.ts";
import { usageOf } from "../fixtures/usage.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { containerIds, docker, eventually } from "./pods.ts";

/** A minute by `WHERRY_FLOOD_SECONDS=60`; the test that runs each time sees a dozen rotations too. */
const SECONDS = Number(Deno.env.get("WHERRY_FLOOD_SECONDS") ?? "15");
const LINES_PER_SECOND = 60_000;
/** Three files of 10 MB, and what is written between two looks at their size. */
const DISK_BYTES_MAX = 34e6;

/** About 100 bytes a line, hence 6 MB in each second; every line has its number. */
const FLOOD = `
for s in $(seq ${SECONDS}); do
  sleep 1 &
  awk -v s=$s 'BEGIN { for (i = 1; i <= ${LINES_PER_SECOND}; i++)
    printf "%d %092d\\n", (s - 1) * ${LINES_PER_SECOND} + i, 0 }'
  wait
done
echo end
sleep 3600`;

Deno.test("a container that prints 6 MB/s fills no disk, and who follows its log gets every line", async (t) => {
  await using cluster = await startCluster({});
  await cluster.kubectl.apply(POD);
  await eventually(async () => {
    const { status } = await cluster.kubectl.json<Pod>("get", "pod", "flood");
    return status?.phase === "Running" ? "" : JSON.stringify(status);
  });
  const agent = await cluster.pid("agent");
  const before = await usageOf(agent);
  const [lines, largest] = await Promise.all([follow(cluster), watchDisk(cluster)]);
  const after = await usageOf(agent);
  await t.step("every line, once", () => {
    assert.deepEqual(lines, { count: SECONDS * LINES_PER_SECOND, gaps: 0 });
  });
  await t.step("three files of 10 MB on disk", () => {
    assert.ok(largest < DISK_BYTES_MAX, `${largest} bytes`);
  });
  await t.step("the agent's part", () => {
    const cpuMs = after.cpuMs - before.cpuMs;
    console.log(
      `agent: ${(cpuMs / SECONDS / 10).toFixed(0)} % of a core, ${after.rssBytes / 1e6} MB`,
    );
    assert.ok(cpuMs < SECONDS * 600, `${cpuMs} ms of CPU`);
  });
});

const POD = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "flood" },
  spec: {
    terminationGracePeriodSeconds: 0,
    containers: [{ name: "main", image: "busybox:1.35", command: ["sh", "-c", FLOOD] }],
  },
};

/** Counts numbered lines up to the `end`. */
async function follow({ kubectl }: Cluster): Promise<{ count: number; gaps: number }> {
  const child = new Deno.Command("kubectl", {
    args: ["logs", "-f", "flood"],
    env: { KUBECONFIG: kubectl.kubeconfig, HOME: kubectl.home },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let [held, count, gaps] = ["", 0, 0];
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    const lines = (held + text).split("\n");
    held = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "end") child.kill("SIGTERM");
      else if (Number.parseInt(line) !== ++count) gaps += 1;
    }
  }
  await child.status;
  return { count, gaps };
}

/** @returns the most that the container's log took, in bytes */
async function watchDisk({ kubectl }: Cluster): Promise<number> {
  const pod = await kubectl.json<Pod>("get", "pod", "flood");
  const id = containerIds(pod).get("main") ?? "";
  const path = await docker("inspect", "-f", "{{.LogPath}}", id);
  let largest = 0;
  for (let i = 0; i < SECONDS; i += 1) {
    const sizes = await Promise.all(
      ["", ".1", ".2", ".3"].map(async (end) =>
        (await Deno.stat(path + end).catch(() => ({ size: 0 }))).size
      ),
    );
    largest = Math.max(largest, sizes.reduce((sum, size) => sum + size, 0));
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
  return largest;
}
