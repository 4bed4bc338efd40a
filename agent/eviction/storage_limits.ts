import type { Pod } from "../../api/types/core_v1.ts";
import { addQuantities, toBytes } from "../../api/types/quantity.ts";
import { containerStorageText, emptyDirText, podStorageText } from "./eviction_texts.ts";

/** What a pod has on disk, in bytes. */
export interface PodDisk {
  /** By volume: its own volumes, emptyDir and what is made of objects. */
  readonly volumes: ReadonlyMap<string, number>;
  /** By container: what it has written beside its volumes. */
  readonly containers: ReadonlyMap<string, number>;
}

const STORAGE = "ephemeral-storage";

/** True for a pod of which something must be measured. */
export function hasStorageLimit({ spec }: Readonly<Pod>): boolean {
  return (spec.volumes ?? []).some(({ emptyDir }) => limitIn(emptyDir?.sizeLimit) !== undefined) ||
    spec.containers.some(({ resources }) => resources?.limits?.[STORAGE] !== undefined);
}

/** @returns why the pod must go, or undefined. Source: kubelet, localStorageEviction */
export function storageExcess({ spec }: Readonly<Pod>, disk: PodDisk): string | undefined {
  for (const { name, emptyDir } of spec.volumes ?? []) {
    const limit = limitIn(emptyDir?.sizeLimit);
    if (limit === undefined || (disk.volumes.get(name) ?? 0) <= toBytes(limit)) continue;
    return emptyDirText(name, limit);
  }
  const limits = spec.containers.map(({ resources }) => resources?.limits?.[STORAGE]);
  if (limits.length > 0 && limits.every((one) => one !== undefined)) {
    const total = limits.reduce<string>((sum, one) => addQuantities(sum, one ?? "0"), "0");
    const inMemory = new Set(
      (spec.volumes ?? []).filter(({ emptyDir }) => emptyDir?.medium === "Memory")
        .map(({ name }) => name),
    );
    const onDisk = [...disk.volumes].filter(([name]) => !inMemory.has(name)).map(([, b]) => b);
    const used = [...onDisk, ...disk.containers.values()].reduce((sum, one) => sum + one, 0);
    if (used > toBytes(total)) return podStorageText(total);
  }
  for (const { name, resources } of spec.containers) {
    const limit = resources?.limits?.[STORAGE];
    if (limit === undefined || (disk.containers.get(name) ?? 0) <= toBytes(limit)) continue;
    return containerStorageText(name, limit);
  }
  return undefined;
}

/** 0 is no limit. */
function limitIn(limit: string | undefined): string | undefined {
  return limit === undefined || toBytes(limit) === 0 ? undefined : limit;
}
