import { readIfThere } from "./files.ts";
import type { Settings } from "./flags.ts";

/** What this host is and has. */
export interface HostFacts {
  readonly os: string;
  readonly arch: string;
  readonly uid: number | null;
  /** As `uname -r` prints it. */
  readonly kernel: string;
  readonly hasCgroup2: boolean;
  readonly hasApt: boolean;
  /** Names of `NEEDS` that are there. */
  readonly has: ReadonlySet<string>;
  /** Version of the container engine that answers, if one does. */
  readonly engineVersion: string | undefined;
}

export interface Need {
  readonly name: string;
  readonly package: string;
}

/** What the host must have, and the Debian package that brings it. */
export const NEEDS: readonly Need[] = [
  { name: "ip", package: "iproute2" },
  { name: "nft", package: "nftables" },
  { name: "conntrack", package: "conntrack" },
  { name: "libbpf.so.1", package: "libbpf1" },
];

/** Needed only where no engine answers. */
export const ENGINE_NEED: Need = { name: "dockerd", package: "docker.io" };

/** BPF links of cgroup programs and batched map updates are all there from here on. */
const KERNEL_MIN = [5, 10] as const;

const NOT_ROOT =
  "Wherry makes links and loads programs into the kernel: run it as root, or with sudo";

export interface HostPlan {
  /** One sentence for each thing that makes a cluster impossible here; [] when it can be. */
  readonly lacks: readonly string[];
  /** Debian packages to install. */
  readonly packages: readonly string[];
}

export function planHost(facts: HostFacts, settings: Settings): HostPlan {
  const lacks: string[] = [];
  if (facts.os !== "linux") {
    return { lacks: [`Wherry runs on Linux, not on ${facts.os}`], packages: [] };
  }
  if (facts.uid !== 0) {
    lacks.push(
      "Wherry makes links and loads programs into the kernel: run it as root, or with sudo",
    );
  }
  if (!isKernelNewEnough(facts.kernel)) {
    lacks.push(`Kernel ${facts.kernel} is too old: it must be ${KERNEL_MIN.join(".")} or newer`);
  }
  if (settings.backend === "ebpf" && !facts.hasCgroup2) {
    lacks.push("No cgroup v2 is mounted, which --backend=ebpf attaches its programs to");
  }
  const needs = NEEDS.filter(({ name }) => !facts.has.has(name));
  if (facts.engineVersion === undefined && !facts.has.has(ENGINE_NEED.name)) {
    needs.push(ENGINE_NEED);
  }
  if (!facts.hasApt) {
    for (const { name, package: from } of needs) {
      lacks.push(
        `${name} is missing (Debian's ${from}), and there is no apt-get to install it with`,
      );
    }
  }
  return { lacks, packages: needs.map((need) => need.package) };
}

function isKernelNewEnough(release: string): boolean {
  const [major = 0, minor = 0] = release.split(/[.-]/).map(Number);
  return major > KERNEL_MIN[0] || (major === KERNEL_MIN[0] && minor >= KERNEL_MIN[1]);
}

/** Administrators' programs are often not on the path of who runs us. */
export const SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

export async function observeHost(
  engineVersion: string | undefined,
): Promise<HostFacts> {
  const names = [...NEEDS.map(({ name }) => name), ENGINE_NEED.name];
  const found = await Promise.all(
    names.map(async (name) => [name, await isInstalled(name)] as const),
  );
  return {
    os: Deno.build.os,
    arch: Deno.build.arch,
    uid: Deno.uid(),
    kernel: Deno.osRelease(),
    hasCgroup2: / cgroup2 /.test(await readIfThere("/proc/mounts") ?? ""),
    hasApt: await isInstalled("apt-get"),
    has: new Set(found.filter(([, isThere]) => isThere).map(([name]) => name)),
    engineVersion,
  };
}

export async function isInstalled(name: string): Promise<boolean> {
  const folders = name.includes(".so")
    ? [`/usr/lib/${Deno.build.arch}-linux-gnu`, "/usr/lib64", "/usr/lib", "/usr/local/lib"]
    : SYSTEM_PATH.split(":");
  for (const folder of folders) {
    const isThere = await Deno.stat(`${folder}/${name}`).then(() => true, () => false);
    if (isThere) return true;
  }
  return false;
}

/** @throws {Error} one sentence, when we are not root */
export function rejectNotRoot(): void {
  if (Deno.uid() !== 0) throw new Error(NOT_ROOT);
}
