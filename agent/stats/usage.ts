/** What a cgroup has used; counters grow from its start. */
export interface CgroupUsage {
  readonly cpuNanoseconds: number;
  readonly memory: MemoryUsage;
  readonly processes: number;
}

/** In bytes. */
export interface MemoryUsage {
  readonly usage: number;
  /** Usage without the file pages that the kernel gives up first. Source: cAdvisor. */
  readonly workingSet: number;
  readonly rss: number;
  readonly cache: number;
  readonly pageFaults: number;
  readonly majorPageFaults: number;
}

export interface InterfaceUsage {
  readonly name: string;
  readonly rxBytes: number;
  readonly rxPackets: number;
  readonly rxErrors: number;
  readonly rxDropped: number;
  readonly txBytes: number;
  readonly txPackets: number;
  readonly txErrors: number;
  readonly txDropped: number;
}

export interface FileSystemUsage {
  readonly capacityBytes: number;
  readonly availableBytes: number;
  readonly usedBytes: number;
  readonly inodes: number;
  readonly inodesFree: number;
}

export interface NodeUsage {
  readonly cpuNanoseconds: number;
  readonly memory: MemoryUsage;
  readonly memoryBytes: number;
  readonly interfaces: readonly InterfaceUsage[];
  readonly processes: { readonly running: number; readonly max: number };
  /** The file system of pods' volumes and files. */
  readonly nodeFs: FileSystemUsage;
  /** The file system of images and of what containers write. */
  readonly imageFs: FileSystemUsage;
}

/** What is in use on this host. Implementations: HostMeters, and figures by hand in tests. */
export interface Meters {
  node(): Promise<NodeUsage>;
  /** @returns undefined when the process has ended */
  cgroup(pid: number): CgroupUsage | undefined;
  /** Interfaces as this process sees them; none when it has ended. */
  interfaces(pid: number): readonly InterfaceUsage[];
}
