import process from "node:process";
import type { Log } from "../api/types/ambient.ts";
import { attachInPlace } from "./bpf_links.ts";
import type { Commands } from "./host_commands.ts";
import { listFolder, makeFolder, mountBpffs, readBytes, removeTree } from "./host_files.ts";
import * as maps from "./host_name_maps.ts";
import { HostRing } from "./host_ring.ts";
import { HostUts } from "./host_uts.ts";
import { type BpfMap, BpfObject, Libbpf } from "./libbpf.ts";
import type { ClusterNames } from "./names.ts";

const OBJECT = new URL("../dataplane/bpf/host_names.bpf.o", import.meta.url);
const PROGRAM = "hold_unnamed";
/** Source: Linux, PROC_PID_INIT_INO. */
const FIRST_PID_NAMESPACE = "pid:[4026531836]";
/** As /proc/PID/stat shows a process that a signal has stopped. */
const STOPPED = "T";

export interface HostNamesOptions {
  readonly names: ClusterNames;
  readonly commands: Commands;
  readonly log: Log;
}

/**
 * Gives host names to what begins under a name that stands in for another one: bpf/host_names.bpf.c stops it before
 * its first instruction, here it gets its name and goes on. All is pinned under /sys/fs/bpf/CLUSTER/host-names: what
 * begins while no agent runs waits for the next one.
 */
export class HostNames {
  /** The kernel has the same. */
  readonly #names: Map<string, string>;
  readonly #standIns: BpfMap;
  readonly #uts: HostUts;
  readonly #ring: HostRing;
  #tellFailure: (standIn: string, reason: string) => void = () => {};
  #isClosed = false;

  private constructor(readonly options: HostNamesOptions, readonly object: BpfObject) {
    const { STAND_INS_MAX, STAND_IN_BYTES, HOST_NAME_BYTES } = maps;
    this.#standIns = object.map("stand_ins");
    const { count, keys, values } = this.#standIns
      .read(STAND_INS_MAX, STAND_IN_BYTES, HOST_NAME_BYTES);
    this.#names = maps.decodeStandIns(count, keys, values);
    this.#uts = new HostUts(object.lib);
    this.#ring = new HostRing(object.map("held"), (message) => this.#take(message));
  }

  /**
   * What an earlier process left waiting goes on before this resolves.
   * @throws {Error} saying what this host lacks: libbpf, or a kernel that lets programs see and stop what begins
   */
  static async open(options: HostNamesOptions): Promise<HostNames> {
    if (await Deno.readLink("/proc/self/ns/pid") !== FIRST_PID_NAMESPACE) {
      throw new Error("the agent does not see the processes of the host by their own numbers");
    }
    const lib = Libbpf.load();
    await mountBpffs((args) => options.commands.run("mount", args));
    const { root, here, link, mapsHere } = foldersOf(options.names);
    await makeFolder(mapsHere);
    const object = new BpfObject(lib, await readBytes(OBJECT), mapsHere);
    try {
      await attachInPlace(object, PROGRAM, link, { remove: removeTree, rename: Deno.rename });
      const names = new HostNames(options, object);
      if (names.#names.size > 0) await names.#takeStopped();
      for (const name of await listFolder(root)) {
        if (`${root}/${name}` !== here) await removeTree(`${root}/${name}`);
      }
      return names;
    } catch (error) {
      object.close();
      throw error;
    }
  }

  /** By what stands in for them. */
  get known(): ReadonlyMap<string, string> {
    return this.#names;
  }

  /** From here on, what begins under `standIn` is called `name`. @throws {Error} when the kernel refuses */
  give(standIn: string, name: string): void {
    if (this.#isClosed || this.#names.get(standIn) === name) return;
    this.#standIns.update(1, maps.encodeStandIn(standIn), maps.encodeHostName(name));
    this.#names.set(standIn, name);
  }

  /** One that is not known is no error. */
  forget(standIn: string): void {
    if (this.#isClosed || !this.#names.delete(standIn)) return;
    this.#standIns.delete(1, maps.encodeStandIn(standIn));
  }

  /** Told of processes that could not be named: they have been killed. */
  onFailure(listener: (standIn: string, reason: string) => void): void {
    this.#tellFailure = listener;
  }

  #take(message: Uint8Array): void {
    const { pid, standIn, isStopped } = maps.decodeHeld(message);
    if (!isStopped) return this.#end(pid, standIn, "the kernel did not stop it");
    this.name(pid, standIn);
  }

  /** Ends with a process that goes on under its name, or is gone. */
  name(pid: number, standIn: string): void {
    const name = this.#names.get(standIn);
    try {
      // a sandbox that is being taken away: nobody asks for the name any more
      const became = name === undefined ? "kept" : this.#uts.rename(pid, standIn, name);
      if (became !== "gone") signal(pid, "SIGCONT");
    } catch (error) {
      this.#end(pid, standIn, error instanceof Error ? error.message : String(error));
    }
  }

  #end(pid: number, standIn: string, reason: string): void {
    this.options.log("a process can't be given the host name of its pod", { pid, reason });
    signal(pid, "SIGKILL");
    this.#tellFailure(standIn, reason);
  }

  /** What was told to a process that was killed before it acted. */
  async #takeStopped(): Promise<void> {
    for (const pid of (await listFolder("/proc")).map(Number).filter((pid) => pid > 0)) {
      if (await stateOf(pid) !== STOPPED) continue;
      const standIn = this.#uts.nameOf(pid);
      if (standIn !== undefined && this.#names.has(standIn)) this.name(pid, standIn);
    }
  }

  /** What is pinned stays, and what begins waits. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#ring.close();
    this.#uts.close();
    this.object.close();
  }
}

/** One that is gone is no error. */
function signal(pid: number, name: "SIGCONT" | "SIGKILL"): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as { code?: string }).code !== "ESRCH") throw error;
  }
}

async function stateOf(pid: number): Promise<string | undefined> {
  try {
    // the name before it may hold anything, also brackets
    const text = await Deno.readTextFile(`/proc/${pid}/stat`);
    return text.slice(text.lastIndexOf(")") + 2)[0];
  } catch {
    return undefined; // gone meanwhile
  }
}

function foldersOf({ pins }: ClusterNames) {
  const root = `${pins}/host-names`;
  const here = `${root}/v${maps.HOST_NAMES_ABI}`;
  return { root, here, link: `${here}/link`, mapsHere: `${here}/maps` };
}

/** Whether an earlier process has given names on this host. */
export async function hasHostNames(names: ClusterNames): Promise<boolean> {
  return (await listFolder(foldersOf(names).root)).length > 0;
}

/** Nothing is stopped any more. */
export async function removeHostNames(names: ClusterNames): Promise<void> {
  await removeTree(foldersOf(names).root);
}
