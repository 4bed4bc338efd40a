import { readFileSync } from "node:fs";
import { statfs } from "node:fs/promises";
import {
  type CgroupFolders,
  cgroupFolders,
  cpuNanosecondsOf,
  interfacesIn,
  memoryOf,
  nodeCpuNanosecondsOf,
  nodeMemoryOf,
  processesIn,
} from "./stats/kernel_files.ts";
import type {
  CgroupUsage,
  FileSystemUsage,
  InterfaceUsage,
  Meters,
  NodeUsage,
} from "./stats/usage.ts";

/** Folders of cgroups that are remembered: of every container that a node can have. */
const REMEMBERED_MAX = 2_000;

export interface HostMetersOptions {
  readonly dataDir: string;
  /** Where the container engine keeps images and what containers write. */
  readonly imageFolder: () => Promise<string>;
  /** Of another root, in tests. */
  readonly proc?: string;
  readonly cgroups?: string;
}

/** The kernel's own accounts. Files of the kernel are read at once: waiting for each would cost more than reading it. */
export class HostMeters implements Meters {
  readonly #with: HostMetersOptions;
  readonly #proc: string;
  readonly #cgroups: string;
  /** By process. */
  readonly #folders = new Map<number, CgroupFolders>();

  constructor(options: HostMetersOptions) {
    this.#with = options;
    this.#proc = options.proc ?? "/proc";
    this.#cgroups = options.cgroups ?? "/sys/fs/cgroup";
  }

  async node(): Promise<NodeUsage> {
    const [nodeFs, imageFs] = await Promise.all([
      fileSystemOf(this.#with.dataDir),
      this.#with.imageFolder().then(fileSystemOf).catch(() => undefined),
    ]);
    const { total, ...memory } = nodeMemoryOf(this.#procText("meminfo"));
    return {
      cpuNanoseconds: nodeCpuNanosecondsOf(this.#procText("stat")),
      memory,
      memoryBytes: total,
      interfaces: interfacesIn(this.#procText("net/dev")),
      processes: {
        running: processesIn(this.#procText("loadavg")),
        max: Number(this.#procText("sys/kernel/pid_max")) || 0,
      },
      nodeFs,
      // an engine that does not answer has its images, most likely, beside the pods
      imageFs: imageFs ?? nodeFs,
    };
  }

  cgroup(pid: number): CgroupUsage | undefined {
    const folders = this.#foldersOf(pid);
    if (folders === undefined) return undefined;
    const { version, cpu, memory, processes } = folders;
    const isFirst = version === 1;
    const time = textOf(`${this.#cgroups}/${cpu}/${isFirst ? "cpuacct.usage" : "cpu.stat"}`);
    const inUse = `${this.#cgroups}/${memory}/memory.${isFirst ? "usage_in_bytes" : "current"}`;
    if (time === "") return void this.#folders.delete(pid);
    const stat = textOf(`${this.#cgroups}/${memory}/memory.stat`);
    return {
      cpuNanoseconds: cpuNanosecondsOf(version, time),
      memory: memoryOf(version, textOf(inUse), stat),
      processes: Number(textOf(`${this.#cgroups}/${processes}/pids.current`)) || 0,
    };
  }

  interfaces(pid: number): readonly InterfaceUsage[] {
    return interfacesIn(this.#procText(`${pid}/net/dev`));
  }

  #foldersOf(pid: number): CgroupFolders | undefined {
    const known = this.#folders.get(pid);
    if (known !== undefined) return known;
    const folders = cgroupFolders(this.#procText(`${pid}/cgroup`));
    if (folders === undefined) return undefined;
    if (this.#folders.size >= REMEMBERED_MAX) this.#folders.clear();
    this.#folders.set(pid, folders);
    return folders;
  }

  #procText(path: string): string {
    return textOf(`${this.#proc}/${path}`);
  }
}

async function fileSystemOf(path: string): Promise<FileSystemUsage> {
  const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(path);
  return {
    capacityBytes: blocks * bsize,
    availableBytes: bavail * bsize,
    usedBytes: (blocks - bfree) * bsize,
    inodes: files,
    inodesFree: ffree,
  };
}

/** @returns "" for what has gone: a process and its cgroup end at any time */
function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code = "" } = error as { code?: string };
    if (!["ENOENT", "ESRCH", "ENODEV", "EINVAL", "ENOTDIR", "EACCES"].includes(code)) throw error;
    return "";
  }
}
