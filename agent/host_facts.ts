import { readFile, statfs } from "node:fs/promises";
import { arch, cpus, hostname, release, totalmem } from "node:os";

/** What the node is, measured. */
export interface NodeFacts {
  readonly cpus: number;
  readonly memoryBytes: number;
  /** Size of the file system that holds pods. */
  readonly ephemeralStorageBytes: number;
  readonly hostname: string;
  readonly architecture: string;
  readonly kernelVersion: string;
  readonly osImage: string;
  readonly machineId: string;
  readonly systemUuid: string;
  readonly bootId: string;
  /** Whether a process may be protected from the OOM killer here. */
  readonly mayLowerOomScore: boolean;
  readonly hasAppArmor: boolean;
}

/** Implementations: HostMachine, and constants in tests. */
export interface HostFacts {
  read(): Promise<NodeFacts>;
}

/** Go's names of architectures, which Kubernetes shows. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

export class HostMachine implements HostFacts {
  constructor(private readonly dataDir: string) {}

  async read(): Promise<NodeFacts> {
    const [own, os, machine, uuid, boot, appArmor, disk] = await Promise.all([
      textOf("/proc/self/status"),
      textOf("/etc/os-release"),
      textOf("/etc/machine-id"),
      textOf("/sys/class/dmi/id/product_uuid"),
      textOf("/proc/sys/kernel/random/boot_id"),
      textOf("/sys/module/apparmor/parameters/enabled"),
      statfs(this.dataDir),
    ]);
    const machineId = machine.trim() || boot.trim().replaceAll("-", "");
    return {
      cpus: cpus().length,
      memoryBytes: totalmem(),
      ephemeralStorageBytes: disk.blocks * disk.bsize,
      hostname: hostname(),
      architecture: ARCHITECTURES[arch()] ?? arch(),
      kernelVersion: release(),
      osImage: /^PRETTY_NAME="?(.*?)"?$/m.exec(os)?.[1] ?? "",
      machineId,
      systemUuid: uuid.trim() || machineId,
      bootId: boot.trim(),
      mayLowerOomScore: hasCapability(own, CAP_SYS_RESOURCE),
      hasAppArmor: appArmor.startsWith("Y"),
    };
  }
}

/** Source: Linux, include/uapi/linux/capability.h. */
const CAP_SYS_RESOURCE = 24n;

function hasCapability(status: string, bit: bigint): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1] ?? "0";
  return (BigInt(`0x${effective}`) >> bit & 1n) === 1n;
}

/** @returns "" for a file that this host does not have or show */
async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const { code } = error as { code?: string };
    if (code !== "ENOENT" && code !== "EACCES" && code !== "ENODEV") throw error;
    return "";
  }
}
