import { join } from "node:path/posix";
import type { Container, EmptyDirVolumeSource, Pod, Volume } from "../../api/types/core_v1.ts";
import { toBytes } from "../../api/types/quantity.ts";
import { ConfigurationError } from "../environment.ts";
import { planClaim } from "./claim_plan.ts";
import { planNfs, rejectOption } from "./nfs_plan.ts";
import { ownershipOf } from "./ownership.ts";
import { filesOf } from "./projected_files.ts";
import type { VolumePlan, VolumeSources } from "./volume_plan.ts";

/**
 * What must be on the node for this volume.
 * @throws {ConfigurationError} for a missing reference that is not optional, or a kind of volume we lack
 */
export function planVolume(volume: Volume, sources: VolumeSources): VolumePlan {
  const { emptyDir, hostPath, gitRepo, nfs } = volume;
  const path = placeOf(volume, sources);
  if (emptyDir !== undefined) return planEmptyDir(emptyDir, path, sources);
  if (hostPath !== undefined) {
    return { is: "host", path: hostPath.path, type: hostPath.type ?? "", isReadOnly: false };
  }
  if (gitRepo !== undefined) {
    const { repository, revision = "", directory = "" } = gitRepo;
    rejectOption("revision", revision);
    const source = { repository, revision, directory };
    return { is: "git", path, source, isReadOnly: false, ownership: ownershipOf(sources.pod) };
  }
  if (nfs !== undefined) return planNfs(nfs, path, []);
  if (sources.claim !== undefined) return planClaim(volume, sources.claim, { ...sources, path });
  const files = filesOf(volume, sources);
  if (files === undefined) {
    throw new ConfigurationError(`${kindOf(volume)} volumes are not supported`);
  }
  const isInMemory = volume.configMap === undefined;
  const group = sources.pod.spec.securityContext?.fsGroup;
  return { is: "files", path, isInMemory, files, group, isReadOnly: true };
}

/** By the kubelet's layout. */
function placeOf(volume: Volume, { folder, memoryFolder }: VolumeSources): string {
  const plugin = PLUGINS[kindOf(volume)] ?? "other";
  const isInMemory = IN_MEMORY.has(plugin);
  return isInMemory
    ? join(memoryFolder, `kubernetes.io~${plugin}`, volume.name)
    : join(folder, "volumes", `kubernetes.io~${plugin}`, volume.name);
}

export function emptyDirPath(folder: string, volumeName: string): string {
  return join(folder, "volumes", "kubernetes.io~empty-dir", volumeName);
}

const PLUGINS: Readonly<Record<string, string>> = {
  emptyDir: "empty-dir",
  configMap: "configmap",
  secret: "secret",
  downwardAPI: "downward-api",
  projected: "projected",
  gitRepo: "git-repo",
  nfs: "nfs",
  persistentVolumeClaim: "nfs",
  ephemeral: "nfs",
};
/** Those that may hold what must not reach a disk. */
const IN_MEMORY: ReadonlySet<string> = new Set(["secret", "downward-api", "projected"]);

export function kindOf(volume: Volume): string {
  return Object.keys(volume).find((name) => name !== "name") ?? "nothing";
}

function planEmptyDir(
  { medium, sizeLimit }: EmptyDirVolumeSource,
  path: string,
  { pod, facts }: VolumeSources,
): VolumePlan {
  const ownership = ownershipOf(pod, "Always");
  if (medium !== "Memory") return { is: "folder", path, isReadOnly: false, ownership };
  const asked = sizeLimit === undefined ? [] : [toBytes(sizeLimit)];
  const bounds = [...asked, ...memoryLimitOf(pod), toBytes(facts.allocatable["memory"] ?? "0")];
  const sizeBytes = Math.min(...bounds.filter((bytes) => bytes > 0), Infinity);
  const isBounded = sizeBytes < Infinity;
  return {
    is: "memory",
    path,
    sizeBytes: isBounded ? sizeBytes : 0,
    isReadOnly: false,
    ownership,
  };
}

/** What all containers may use together, where each has a limit. Source: kubelet, SizeMemoryBackedVolumes. */
function memoryLimitOf({ spec }: Pod): number[] {
  const limit = ({ resources }: Container) => toBytes(resources?.limits?.["memory"] ?? "0");
  const limits = spec.containers.map(limit);
  if (limits.includes(0)) return [];
  const init = (spec.initContainers ?? []).map(limit);
  return [Math.max(limits.reduce((sum, one) => sum + one, 0), ...init)];
}
