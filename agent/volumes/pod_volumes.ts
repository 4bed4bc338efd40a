import { join } from "node:path/posix";
import type { Container, Pod } from "../../api/types/core_v1.ts";
import type { Api } from "../../client/api.ts";
import { ConfigurationError } from "../environment.ts";
import type { HostFiles } from "../host_files.ts";
import type { PodFacts } from "../pod_fields.ts";
import { readReferences } from "../pod_references.ts";
import type { Mount } from "../runtime.ts";
import { setUpVolumes } from "./volume_setup.ts";
import { mountsOf, planVolumes, type VolumePlan, volumeReferences } from "./volume_plan.ts";

/** The folder of one pod below the agent's data; everything in it goes with the pod. */
export function podFolder(dataDir: string, podUid: string): string {
  return join(dataDir, "pods", podUid);
}

/** The pod's volumes can't be made for now. */
export class VolumeError extends Error {
  override readonly name = "VolumeError";
}

export interface VolumeTools {
  readonly api: Api;
  readonly files: HostFiles;
  readonly dataDir: string;
}

/**
 * Makes the pod's volumes, or brings what they show up to date.
 * @throws {VolumeError} in the words that `kubectl describe` shows
 */
export async function makeVolumes(
  pod: Readonly<Pod>,
  facts: PodFacts,
  { api, files, dataDir }: VolumeTools,
): Promise<Map<string, VolumePlan>> {
  if ((pod.spec.volumes ?? []).length === 0) return new Map();
  const { namespace = "", uid = "" } = pod.metadata;
  try {
    const references = await readReferences(api, namespace, volumeReferences(pod));
    const plan = planVolumes({ pod, folder: podFolder(dataDir, uid), facts, ...references });
    await setUpVolumes(files, plan);
    return plan;
  } catch (error) {
    throw new VolumeError(error instanceof Error ? error.message : String(error));
  }
}

/** True for a pod whose volumes show objects that may change under it. */
export function showsObjects(pod: Readonly<Pod>): boolean {
  const { configMaps, secrets } = volumeReferences(pod);
  return configMaps.length > 0 || secrets.length > 0;
}

/**
 * Mounts of a container with their sub-paths made sure of: a container may have laid a link in a volume that
 * leads out of it. @throws {ConfigurationError} for such a link
 */
export async function makeMounts(
  container: Container,
  { files, volumes, environment }: {
    readonly files: HostFiles;
    readonly volumes: ReadonlyMap<string, VolumePlan>;
    readonly environment: ReadonlyMap<string, string>;
  },
): Promise<Mount[]> {
  const wanted = mountsOf(container, volumes, environment);
  return await Promise.all(wanted.map(async ({ volumePath, subPath, isMadeAsFolder, ...mount }) => {
    if (subPath === "") return { ...mount, hostPath: volumePath };
    const path = join(volumePath, subPath);
    const there = await files.realPath(path);
    if (there === undefined && isMadeAsFolder) await files.makeFolder(path);
    const hostPath = there ?? await files.realPath(path) ?? path;
    const root = await files.realPath(volumePath) ?? volumePath;
    if (hostPath === root || hostPath.startsWith(`${root}/`)) return { ...mount, hostPath };
    throw new ConfigurationError(
      `failed to prepare subPath for volumeMount "${mount.containerPath}" of container ` +
        `"${container.name}": it leads out of its volume`,
    );
  }));
}
