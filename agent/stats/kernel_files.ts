import type { InterfaceUsage, MemoryUsage } from "./usage.ts";

/** The files of `/proc` and of cgroups, both versions, as figures. */

/** Where the accounts of a process are, below the folder of all cgroups. */
export interface CgroupFolders {
  readonly version: 1 | 2;
  readonly cpu: string;
  readonly memory: string;
  readonly processes: string;
}

/**
 * From `/proc/PID/cgroup`. A host that has the memory controller in version 1 has all that is read here there,
 * even where version 2 is mounted beside it. @returns undefined where there are no accounts
 */
export function cgroupFolders(text: string): CgroupFolders | undefined {
  const paths = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, controllers, path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    if (controllers === undefined) continue;
    for (const controller of controllers.split(",")) paths.set(controller, path);
  }
  const [cpu, memory, pids] = [paths.get("cpuacct"), paths.get("memory"), paths.get("pids")];
  if (cpu !== undefined && memory !== undefined) {
    return {
      version: 1,
      cpu: `cpuacct${cpu}`,
      memory: `memory${memory}`,
      processes: `pids${pids ?? ""}`,
    };
  }
  const unified = paths.get("");
  if (unified === undefined) return undefined;
  const folder = unified.replace(/^\//, "");
  return { version: 2, cpu: folder, memory: folder, processes: folder };
}

/** `name value` on each line, as `memory.stat` and `cpu.stat` have it. */
export function figuresIn(text: string): ReadonlyMap<string, number> {
  const figures = new Map<string, number>();
  for (const line of text.split("\n")) {
    const blank = line.indexOf(" ");
    if (blank > 0) figures.set(line.slice(0, blank), Number(line.slice(blank + 1)));
  }
  return figures;
}

/** @param usage what `memory.usage_in_bytes` or `memory.current` says, @param stat `memory.stat` */
export function memoryOf(version: 1 | 2, usage: string, stat: string): MemoryUsage {
  const figures = figuresIn(stat);
  const figure = (name: string) => figures.get(name) ?? 0;
  const used = Number(usage) || 0;
  const prefix = version === 1 ? "total_" : "";
  return {
    usage: used,
    workingSet: Math.max(0, used - figure(`${prefix}inactive_file`)),
    rss: figure(version === 1 ? "total_rss" : "anon"),
    cache: figure(version === 1 ? "total_cache" : "file"),
    pageFaults: figure(`${prefix}pgfault`),
    majorPageFaults: figure(`${prefix}pgmajfault`),
  };
}

/** From `cpuacct.usage`, or `cpu.stat` in version 2. */
export function cpuNanosecondsOf(version: 1 | 2, text: string): number {
  return version === 1 ? Number(text) || 0 : (figuresIn(text).get("usage_usec") ?? 0) * 1000;
}

/** The node's memory, from `/proc/meminfo`. Source: cAdvisor, for the root of version 2. */
export function nodeMemoryOf(text: string): MemoryUsage & { readonly total: number } {
  const kibibytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(text)?.[1] ?? 0) * 1024;
  const total = kibibytes("MemTotal");
  const usage = total - kibibytes("MemFree");
  return {
    total,
    usage,
    workingSet: Math.max(0, usage - kibibytes("Inactive\\(file\\)")),
    rss: kibibytes("AnonPages"),
    cache: kibibytes("Cached"),
    pageFaults: 0,
    majorPageFaults: 0,
  };
}

/** Length of a tick of `/proc/stat`. Source: Linux, USER_HZ. */
const TICK_NANOSECONDS = 10_000_000;
/** Columns of the first line of `/proc/stat`: user, nice, system, and irq, softirq, steal after idle and iowait. */
const BUSY = [1, 2, 3, 6, 7, 8];

export function nodeCpuNanosecondsOf(text: string): number {
  const columns = (text.split("\n")[0] ?? "").split(/\s+/);
  return BUSY.reduce((sum, column) => sum + (Number(columns[column]) || 0), 0) * TICK_NANOSECONDS;
}

/** From `/proc/PID/net/dev`, without the loopback. */
export function interfacesIn(text: string): InterfaceUsage[] {
  return text.split("\n").slice(2).flatMap((line) => {
    const [name = "", rest] = line.split(":");
    if (rest === undefined || name.trim() === "lo") return [];
    const columns = rest.trim().split(/\s+/).map(Number);
    const at = (column: number) => columns[column] ?? 0;
    return [{
      name: name.trim(),
      ...{ rxBytes: at(0), rxPackets: at(1), rxErrors: at(2), rxDropped: at(3) },
      ...{ txBytes: at(8), txPackets: at(9), txErrors: at(10), txDropped: at(11) },
    }];
  });
}

/** From `/proc/loadavg`, whose fourth column is `running/all`. */
export function processesIn(text: string): number {
  return Number(/\/(\d+)/.exec(text)?.[1] ?? 0);
}
