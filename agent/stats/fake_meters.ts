import type { CgroupUsage, InterfaceUsage, Meters, NodeUsage } from "./usage.ts";

const FILE_SYSTEM = {
  capacityBytes: 1000,
  availableBytes: 900,
  usedBytes: 100,
  inodes: 100,
  inodesFree: 90,
};
const MEMORY = {
  usage: 1000,
  workingSet: 1000,
  rss: 1000,
  cache: 0,
  pageFaults: 0,
  majorPageFaults: 0,
};

/** Figures that a test sets. A process that it says nothing of has used 1,000 bytes and no CPU. */
export class FakeMeters implements Meters {
  /** Times that the node was measured. */
  measured = 0;
  usage: NodeUsage = {
    cpuNanoseconds: 0,
    memory: { ...MEMORY, usage: 600, workingSet: 500 },
    memoryBytes: 1000,
    interfaces: [],
    processes: { running: 10, max: 1000 },
    nodeFs: FILE_SYSTEM,
    imageFs: FILE_SYSTEM,
  };
  readonly #cgroups = new Map<number, CgroupUsage | undefined>();

  cpu(pid: number, cpuNanoseconds: number): void {
    this.#cgroups.set(pid, { cpuNanoseconds, memory: MEMORY, processes: 1 });
  }

  memory(pid: number, workingSet: number): void {
    const memory = { ...MEMORY, usage: workingSet, workingSet };
    this.#cgroups.set(pid, { cpuNanoseconds: 0, memory, processes: 1 });
  }

  end(pid: number): void {
    this.#cgroups.set(pid, undefined);
  }

  node(): Promise<NodeUsage> {
    this.measured += 1;
    return Promise.resolve(this.usage);
  }

  cgroup(pid: number): CgroupUsage | undefined {
    if (this.#cgroups.has(pid)) return this.#cgroups.get(pid);
    return { cpuNanoseconds: 0, memory: MEMORY, processes: 1 };
  }

  interfaces(): readonly InterfaceUsage[] {
    const rx = { rxBytes: 1, rxPackets: 1, rxErrors: 0, rxDropped: 0 };
    return [{ name: "eth0", ...rx, txBytes: 1, txPackets: 1, txErrors: 0, txDropped: 0 }];
  }
}
