import type { NodeUsage } from "../stats/usage.ts";

/** What can run out on a node. Source: kubelet, the names of its eviction signals. */
export const SIGNALS = [
  "memory.available",
  "nodefs.available",
  "nodefs.inodesFree",
  "imagefs.available",
  "imagefs.inodesFree",
  "pid.available",
] as const;
export type Signal = typeof SIGNALS[number];

/** How much is left of how much: bytes, inodes or processes. */
export interface Observation {
  readonly available: number;
  readonly capacity: number;
}

export type Observations = ReadonlyMap<Signal, Observation>;

export function observationsOf(usage: NodeUsage): Observations {
  const { memory, memoryBytes, nodeFs, imageFs, processes } = usage;
  const left = (available: number, capacity: number) => ({ available, capacity });
  return new Map<Signal, Observation>([
    ["memory.available", left(memoryBytes - memory.workingSet, memoryBytes)],
    ["nodefs.available", left(nodeFs.availableBytes, nodeFs.capacityBytes)],
    ["nodefs.inodesFree", left(nodeFs.inodesFree, nodeFs.inodes)],
    ["imagefs.available", left(imageFs.availableBytes, imageFs.capacityBytes)],
    ["imagefs.inodesFree", left(imageFs.inodesFree, imageFs.inodes)],
    ["pid.available", left(processes.max - processes.running, processes.max)],
  ]);
}

export type Pressure = "MemoryPressure" | "DiskPressure" | "PIDPressure";
/** What a pod is evicted for the lack of. */
export type Starved = "memory" | "ephemeral-storage" | "inodes" | "pids";

interface Meaning {
  readonly pressure: Pressure;
  readonly starved: Starved;
}

/** Source: kubelet, signalToNodeCondition and signalToResource. */
export const MEANING: Readonly<Record<Signal, Meaning>> = {
  "memory.available": { pressure: "MemoryPressure", starved: "memory" },
  "nodefs.available": { pressure: "DiskPressure", starved: "ephemeral-storage" },
  "nodefs.inodesFree": { pressure: "DiskPressure", starved: "inodes" },
  "imagefs.available": { pressure: "DiskPressure", starved: "ephemeral-storage" },
  "imagefs.inodesFree": { pressure: "DiskPressure", starved: "inodes" },
  "pid.available": { pressure: "PIDPressure", starved: "pids" },
};
