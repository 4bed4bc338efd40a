import { join } from "node:path/posix";
import type { Pod } from "../../api/types/core_v1.ts";
import type { RuntimeContainer } from "../runtime.ts";
import { SANDBOX } from "../runtime.ts";
import { podFolder } from "../volumes/pod_folders.ts";
import type { PodDisk } from "./storage_limits.ts";

export interface PodDiskSources {
  readonly dataDir: string;
  /** Bytes by path; see `folderBytes`. */
  readonly folderBytes: (paths: readonly string[]) => Promise<ReadonlyMap<string, number>>;
  /** What a container has written to its own layer. */
  readonly writtenBytes: (containerId: string) => Promise<number>;
  readonly containersOf: (podUid: string) => readonly RuntimeContainer[];
}

/** What a pod's emptyDir volumes hold, and what its containers have written. */
export async function podDisk(pod: Readonly<Pod>, sources: PodDiskSources): Promise<PodDisk> {
  const { dataDir, folderBytes, writtenBytes, containersOf } = sources;
  const { uid = "" } = pod.metadata;
  const volumes = (pod.spec.volumes ?? []).filter(({ emptyDir }) => emptyDir !== undefined);
  const folder = join(podFolder(dataDir, uid), "volumes", "kubernetes.io~empty-dir");
  const found = await folderBytes(volumes.map(({ name }) => join(folder, name)));
  const containers = new Map<string, number>();
  for (const { id, name, state } of containersOf(uid)) {
    if (name === SANDBOX || state !== "running") continue;
    containers.set(name, await writtenBytes(id).catch(() => 0));
  }
  return {
    volumes: new Map(volumes.map(({ name }) => [name, found.get(join(folder, name)) ?? 0])),
    containers,
  };
}
