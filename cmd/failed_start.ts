import { CLUSTER_LABEL, STAND_IN_LABEL } from "../agent/docker_containers.ts";
import { exists } from "../dataplane/host_files.ts";
import { HostCommands } from "../dataplane/host_commands.ts";
import { namesOf } from "../dataplane/names.ts";
import { readPodLinks } from "../dataplane/pod_links.ts";
import type { Settings } from "./flags.ts";
import { removeFromKernel } from "./remove_network.ts";

/**
 * Runs the agent. One that fails on a host where nothing of the cluster was, and before it has wired any pod, takes
 * away what it had laid down. @throws {Error} what `run` throws
 */
export async function leavingNothingBehind(
  settings: Pick<Settings, "clusterName" | "clusterCidr" | "dockerHost">,
  run: () => Promise<void>,
): Promise<void> {
  const wasClean = await isClean(settings);
  try {
    await run();
  } catch (error) {
    if (wasClean && !await hasPods(settings)) {
      await removeFromKernel(settings);
      await removeSandboxes(settings);
    }
    throw error;
  }
}

/** Those that were made ahead: no pod has any. */
async function removeSandboxes(
  { clusterName, dockerHost }: Pick<Settings, "clusterName" | "dockerHost">,
): Promise<void> {
  const { Engine } = await import("../images/engine.ts");
  const engine = new Engine(dockerHost);
  try {
    if (await engine.version() === undefined) return;
    const made = await engine.listContainers(`${CLUSTER_LABEL}=${clusterName}`);
    const idle = made.filter(({ Labels }) => Labels[STAND_IN_LABEL] !== undefined);
    for (const { Id } of idle) await engine.removeContainer(Id);
  } finally {
    engine.close();
  }
}

async function isClean(settings: Pick<Settings, "clusterName">): Promise<boolean> {
  return !await exists(namesOf(settings.clusterName).pins) && !await hasPods(settings);
}

async function hasPods({ clusterName }: Pick<Settings, "clusterName">): Promise<boolean> {
  const commands = new HostCommands();
  if (!await commands.has("ip")) return false;
  const links = await commands.run("ip", ["-json", "link", "show", "type", "veth"]);
  return readPodLinks(namesOf(clusterName), links).length > 0;
}
