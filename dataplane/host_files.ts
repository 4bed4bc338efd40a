/** Files of /proc, /sys and the BPF file system, which stand for state of the kernel. */
const BPFFS = "/sys/fs/bpf";
/** Source: linux/magic.h has none for a plain folder: a mounted bpffs shows in the mount table. */
const MOUNTS = "/proc/self/mounts";
const CGROUP_HYBRID = "/sys/fs/cgroup/unified";
const CGROUP_UNIFIED = "/sys/fs/cgroup";

/** @returns whether it had to be mounted */
export async function mountBpffs(
  mount: (args: readonly string[]) => Promise<unknown>,
): Promise<boolean> {
  const mounts = await Deno.readTextFile(MOUNTS);
  const isMounted = mounts.split("\n").some((line) => line.split(" ")[1] === BPFFS);
  if (isMounted) return false;
  await mount(["-t", "bpf", "bpf", BPFFS]);
  return true;
}

/** Root of the v2 hierarchy: beside the v1 controllers on hybrid hosts. @throws {Error} without one */
export async function findCgroupRoot(): Promise<string> {
  for (const root of [CGROUP_HYBRID, CGROUP_UNIFIED]) {
    if (await exists(`${root}/cgroup.controllers`)) return root;
  }
  throw new Error("Cannot attach BPF programs: this host has no cgroup v2 hierarchy");
}

/** The kernel's id of a cgroup is the inode number of its folder. */
export async function cgroupIdOf(path: string): Promise<bigint> {
  return BigInt((await Deno.stat(path)).ino ?? 0);
}

export async function exists(path: string): Promise<boolean> {
  try {
    await Deno.lstat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

export async function makeFolder(path: string): Promise<void> {
  await Deno.mkdir(path, { recursive: true, mode: 0o700 });
}

/** With all that is in it. A missing one is no error. */
export async function removeTree(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** @returns names, [] when the folder is missing */
export async function listFolder(path: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(path))).map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

export async function readBytes(url: URL): Promise<Uint8Array<ArrayBuffer>> {
  return await Deno.readFile(url);
}

/** @returns "" when the file is missing */
export async function readTextIfAny(path: string): Promise<string> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
