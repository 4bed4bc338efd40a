import { cgroupIdOf, exists, findCgroupRoot, removeTree } from "./host_files.ts";
import {
  attachPinned,
  type CgroupHook,
  cgroupIdOfPinned,
  isRefused,
  queryHook,
  replacePinned,
} from "./bpf_links.ts";
import type { BpfObject, Libbpf } from "./libbpf.ts";

const HOOKS: readonly CgroupHook[] = [
  "connect4",
  "connect6",
  "sendmsg4",
  "recvmsg4",
  "recvmsg6",
  "getpeername4",
  "getpeername6",
];

/** The programs of one object on one cgroup, by links that are pinned in `folder`. */
export class CgroupHooks {
  /** Hooks that still run the program of an earlier process. */
  #inherited: CgroupHook[] = [];

  constructor(
    readonly object: BpfObject,
    readonly cgroup: string,
    readonly folder: string,
  ) {}

  /**
   * Attaches where nothing is attached yet; what an earlier process attached runs on until `takeOver`.
   * @throws {Error} naming the cgroup and program that hold a hook for themselves alone
   */
  async attach(): Promise<void> {
    const { lib } = this.object;
    const cgroupId = await cgroupIdOf(this.cgroup);
    const fd = lib.openFolder(this.cgroup);
    try {
      for (const hook of HOOKS) {
        const pinned = cgroupIdOfPinned(lib, this.#pinOf(hook));
        if (pinned === cgroupId) {
          this.#inherited.push(hook);
          continue;
        }
        if (pinned !== undefined) await removeTree(this.#pinOf(hook)); // of another cgroup
        await this.#attachOne(hook, fd);
      }
    } finally {
      lib.close(fd);
    }
  }

  async #attachOne(hook: CgroupHook, fd: number): Promise<void> {
    try {
      attachPinned(this.object, `service_${hook}`, fd, this.#pinOf(hook));
    } catch (error) {
      if (!isRefused(error)) throw error;
      const holder = await holderOf(this.object.lib, this.cgroup, hook);
      if (holder === undefined) throw error;
      throw new Error(`Cannot attach ${hook} to ${this.cgroup}: ${holder}`, { cause: error });
    }
  }

  /** Swaps the programs of an earlier process for ours: to be called once our maps hold the rules. */
  takeOver(): void {
    for (const hook of this.#inherited) {
      replacePinned(this.object, `service_${hook}`, this.#pinOf(hook));
    }
    this.#inherited = [];
  }

  #pinOf(hook: CgroupHook): string {
    return `${this.folder}/${hook}`;
  }
}

/** Who keeps a hook from us: on the cgroup itself or, closest first, on one above. */
async function holderOf(
  lib: Libbpf,
  cgroup: string,
  hook: CgroupHook,
): Promise<string | undefined> {
  const root = await findCgroupRoot();
  for (let path = cgroup; path.startsWith(root); path = path.slice(0, path.lastIndexOf("/"))) {
    if (!await exists(path)) continue;
    const fd = lib.openFolder(path);
    try {
      const { programs, isShared } = queryHook(lib, fd, hook);
      if (programs.length === 0 || isShared) continue;
      return `BPF program ${programs.join(", ")} on ${path} shares the hook with no other`;
    } finally {
      lib.close(fd);
    }
  }
  return undefined;
}
