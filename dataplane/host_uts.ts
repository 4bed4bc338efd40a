import process from "node:process";
import { BpfError, type Libbpf } from "./libbpf.ts";
import { decode, HOST_NAME_MAX } from "./host_name_maps.ts";

const CLONE_NEWUTS = 0x04000000;
const ENOENT = 2;
const ESRCH = 3;

/** What became of a process's host name: it has it, had another one than was expected, or is gone. */
export type Renamed = "renamed" | "kept" | "gone";

/**
 * Sets host names where other processes see them. The calling thread enters their namespace and comes back within one
 * turn, in which nothing else runs on it.
 */
export class HostUts {
  readonly #own: number;

  constructor(private readonly lib: Libbpf) {
    this.#own = lib.openFile("/proc/self/ns/uts");
  }

  /** @throws {BpfError} when the kernel refuses */
  rename(pid: number, from: string, to: string): Renamed {
    const { libc } = this.lib;
    const became = this.#within(pid, () => {
      if (this.#name() !== from) return "kept";
      const name = new TextEncoder().encode(to);
      this.#must(libc.sethostname(name, BigInt(name.length)), `name the host ${to}`);
      return "renamed";
    });
    return became ?? "gone";
  }

  /** What the process sees as the host's name. @returns undefined when it is gone */
  nameOf(pid: number): string | undefined {
    return this.#within(pid, () => this.#name());
  }

  #within<T>(pid: number, act: () => T): T | undefined {
    const theirs = this.#namespaceOf(pid);
    if (theirs === undefined) return undefined;
    try {
      this.#enter(theirs);
      try {
        return act();
      } finally {
        // whatever this process did from here on it would do under the name of a pod
        if (this.lib.libc.setns(this.#own, CLONE_NEWUTS) !== 0) process.abort();
      }
    } finally {
      this.lib.close(theirs);
    }
  }

  #namespaceOf(pid: number): number | undefined {
    try {
      return this.lib.openFile(`/proc/${pid}/ns/uts`);
    } catch (error) {
      if (error instanceof BpfError && [ENOENT, ESRCH].includes(error.errno)) return undefined;
      throw error;
    }
  }

  #enter(namespace: number): void {
    this.#must(this.lib.libc.setns(namespace, CLONE_NEWUTS), "enter the host name of a pod");
  }

  #name(): string {
    const bytes = new Uint8Array(HOST_NAME_MAX + 1);
    this.#must(this.lib.libc.gethostname(bytes, BigInt(bytes.length)), "read a host name");
    return decode(bytes);
  }

  #must(result: number, action: string): void {
    if (result !== 0) throw new BpfError(action, this.lib.errno());
  }

  close(): void {
    this.lib.close(this.#own);
  }
}
