import { Engine, type ListedContainer } from "../images/engine.ts";
import { stopChild } from "./children.ts";
import { readRecord } from "./cluster_record.ts";
import { stopEngine } from "./dockerd.ts";
import { readIfThere, removeIfThere } from "./files.ts";
import type { Settings } from "./flags.ts";
import { pathsOf } from "./paths.ts";
import type { Progress } from "./progress.ts";
import { removeFromKernel } from "./remove_network.ts";

/** As the agent labels what it makes. */
const CLUSTER_LABEL = "dev.wherry.cluster";
const CONTAINER_NAME_LABEL = "io.kubernetes.container.name";

/** Time for programs to end by themselves before they are killed. */
const GRACE_SECONDS = 5;

/**
 * Stops the cluster of the data directory and takes away what it laid on the host; also what processes that
 * died left behind. The data stays, unless `purge` is set.
 */
export async function takeDown(asked: Settings, progress: Progress): Promise<void> {
  const record = await readRecord(asked.dataDir);
  const settings = { ...asked, ...record?.settings, purge: asked.purge };
  const paths = pathsOf(settings.dataDir);
  const engine = new Engine(settings.dockerHost);
  try {
    await progress.step("agent", async () => await stopChild("agent", settings) ?? "not running");
    await progress.step("master", async () => await stopChild("master", settings) ?? "not running");
    await progress.step("containers", () => removeContainers(engine, settings.clusterName));
    await progress.step("links and programs", () => removeFromKernel(settings));
    await progress.step(
      "container engine",
      async () => await stopEngine(engine, paths) ?? "left as it is, for it was not started by us",
    );
    // First of all this: removing through a mount would delete what is mounted.
    await progress.step("volumes", () => unmountBelow(settings.dataDir));
    if (settings.purge) {
      await progress.step("data", async () => {
        await removeIfThere(settings.dataDir);
        return `${settings.dataDir} deleted`;
      });
    }
  } finally {
    engine.close();
  }
}

/** First the containers of pods, then the sandboxes whose network they use. */
async function removeContainers(engine: Engine, clusterName: string): Promise<string> {
  if (await engine.version() === undefined) return "no engine answers, so none can run";
  const all = await engine.listContainers(`${CLUSTER_LABEL}=${clusterName}`);
  const isSandbox = ({ Labels }: ListedContainer) => Labels[CONTAINER_NAME_LABEL] === "POD";
  for (const group of [all.filter((one) => !isSandbox(one)), all.filter(isSandbox)]) {
    await Promise.all(group.map(async ({ Id, State }) => {
      if (State === "running") await engine.stopContainer(Id, GRACE_SECONDS);
      await engine.removeContainer(Id);
    }));
  }
  return `${all.length} removed`;
}

/** What the agent mounted for pods, the innermost first. */
async function unmountBelow(folder: string): Promise<string> {
  const mounts = (await readIfThere("/proc/mounts") ?? "").split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((path) => path.startsWith(`${folder}/`))
    .reverse();
  for (const path of mounts) {
    const { success, stderr } = await new Deno.Command("umount", { args: [path] }).output();
    if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
  }
  return `${mounts.length} unmounted`;
}
