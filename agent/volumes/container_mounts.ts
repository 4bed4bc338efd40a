import { join } from "node:path/posix";
import type { Container } from "../../api/types/core_v1.ts";
import { ConfigurationError } from "../environment.ts";
import type { HostMounts } from "../host_mounts.ts";
import type { Mount } from "../runtime.ts";
import { SUB_PATHS } from "./pod_folders.ts";
import { mountsOf, type VolumeMountPlan } from "./volume_mounts.ts";
import type { VolumePlan } from "./volume_plan.ts";

/**
 * Mounts of a container, its parts of volumes made sure of: a container may have laid a link in a volume that
 * leads out of it. @throws {ConfigurationError} for such a link
 */
export async function makeMounts(
  container: Container,
  { mounts, volumes, environment, folder }: {
    readonly mounts: HostMounts;
    readonly volumes: ReadonlyMap<string, VolumePlan>;
    readonly environment: ReadonlyMap<string, string>;
    /** The pod's. */
    readonly folder: string;
  },
): Promise<Mount[]> {
  const wanted = mountsOf(container, volumes, environment);
  return await Promise.all(wanted.map(async (plan, i) => {
    const { containerPath, isReadOnly, propagation, volumePath, subPath, volumeName } = plan;
    const mount = { containerPath, isReadOnly, propagation };
    if (subPath === "") return { ...mount, hostPath: volumePath };
    const target = join(folder, SUB_PATHS, volumeName, container.name, String(i));
    await bindPart(mounts, plan, target, container.name);
    return { ...mount, hostPath: target };
  }));
}

/** Text: kubelet, makeMounts. */
async function bindPart(
  mounts: HostMounts,
  { volumePath, subPath, isMadeAsFolder, volumeName }: VolumeMountPlan,
  target: string,
  containerName: string,
): Promise<void> {
  try {
    await mounts.bindPart({ volumePath, subPath, isMade: isMadeAsFolder, target });
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(
      `failed to prepare subPath for volumeMount "${volumeName}" of container ` +
        `"${containerName}": ${why}`,
    );
  }
}
