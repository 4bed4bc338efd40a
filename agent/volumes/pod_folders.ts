import { join } from "node:path/posix";

/** The folder of one pod below the agent's data; everything in it goes with the pod. */
export function podFolder(dataDir: string, podUid: string): string {
  return join(dataDir, "pods", podUid);
}

/** Its parts that volumes are in: how containers have ended, beside them, is kept for longer. */
export function volumeFolders(dataDir: string, podUid: string): string[] {
  const parts = ["volumes", SUB_PATHS].map((name) => join(podFolder(dataDir, podUid), name));
  return [...parts, memoryFolder(dataDir, podUid)];
}

/** Folder of the pod in which parts of volumes are seen. Source: kubelet. */
export const SUB_PATHS = "volume-subpaths";

/** One file system in memory for what pods may know and no disk. */
export function memoryRoot(dataDir: string): string {
  return join(dataDir, "memory");
}

/** The pod's folder in it. */
export function memoryFolder(dataDir: string, podUid: string): string {
  return join(memoryRoot(dataDir), podUid);
}
