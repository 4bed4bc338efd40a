import type { Clock, Log } from "../api/types/ambient.ts";
import { BackendCounts } from "./backend_counts.ts";
import type { Backend, ServiceCounters } from "./backend.ts";
import { CgroupHooks } from "./ebpf_hooks.ts";
import { ebpfPinsOf } from "./ebpf_pins.ts";
import type { Commands } from "./host_commands.ts";
import {
  findCgroupRoot,
  listFolder,
  makeFolder,
  mountBpffs,
  readBytes,
  removeTree,
} from "./host_files.ts";
import { type BpfMap, BpfObject, Libbpf } from "./libbpf.ts";
import * as maps from "./maps.ts";
import type { ClusterNames } from "./names.ts";
import type { Rules } from "./rules.ts";
import { type Attempted, Sleepers } from "./sleepers.ts";
import { ServiceTable, type TableChanges } from "./service_table.ts";

const OBJECT = new URL("../dataplane/bpf/service_lb.bpf.o", import.meta.url);

export interface EbpfOptions {
  readonly names: ClusterNames;
  readonly commands: Commands;
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
  /** The cgroup whose processes see the services; absent: the root of the v2 hierarchy, hence all. */
  readonly cgroup?: string;
  /** Another compiled object than ours, in tests. */
  readonly object?: Uint8Array<ArrayBuffer>;
}

/**
 * Services as values in BPF maps, which bpf/service_lb.bpf.c reads when a socket connects. The programs are pinned by
 * their links and the maps by name, under /sys/fs/bpf/CLUSTER, so that sockets are served while no agent runs.
 */
export class EbpfBackend implements Backend {
  readonly name = "ebpf";
  readonly #frontends: BpfMap;
  readonly #nodeAddresses: BpfMap;
  readonly #sleepers: Sleepers;
  readonly #backends: ReturnType<BpfMap["mmap"]>;
  readonly #counters: ReturnType<BpfMap["mmap"]>;
  readonly #backendCounts: BackendCounts;
  /** Undefined while it is not known what the kernel holds. */
  #table: ServiceTable | undefined;
  #programmedAddresses: readonly string[] = [];
  #isClosed = false;

  private constructor(
    readonly options: EbpfOptions,
    readonly object: BpfObject,
    readonly hooks: CgroupHooks,
  ) {
    this.#frontends = object.map("frontends");
    this.#nodeAddresses = object.map("node_addresses");
    this.#backendCounts = new BackendCounts(object.map("backend_counters"));
    this.#sleepers = new Sleepers(object);
    this.#backends = object.map("backends").mmap(maps.BACKENDS_MAX * maps.BACKEND_BYTES);
    this.#counters = object.map("counters").mmap(maps.SERVICES_MAX * maps.COUNTERS_BYTES);
  }

  /**
   * Loads and attaches.
   * @throws {Error} saying what this host lacks: libbpf, BPF in the kernel, or a hook that nobody holds alone
   */
  static async open(options: EbpfOptions): Promise<EbpfBackend> {
    const lib = Libbpf.load();
    await mountBpffs((args) => options.commands.run("mount", args));
    const cgroup = options.cgroup ?? await findCgroupRoot();
    const { links, mapsHere } = ebpfPinsOf(options.names);
    await makeFolder(links);
    await makeFolder(mapsHere);
    const object = new BpfObject(lib, options.object ?? await readBytes(OBJECT), mapsHere);
    const hooks = new CgroupHooks(object, cgroup, links);
    try {
      await hooks.attach();
      return new EbpfBackend(options, object, hooks);
    } catch (error) {
      object.close();
      throw error;
    }
  }

  async sync(rules: Rules): Promise<void> {
    if (this.#isClosed) throw new Error("Cannot sync services: the backend is closed");
    const known = this.#table;
    const table = known ?? this.#restore();
    this.#table = undefined; // until all is written
    this.#writeAddresses(rules.nodeAddresses);
    const changes = table.plan(rules, this.options.clock.now());
    this.#sleepers.write(rules.holders ?? new Map(), (name) => table.idOf(name));
    this.#write(changes);
    this.hooks.takeOver();
    this.#table = table;
    if (known === undefined) await this.#dropOldLayouts();
  }

  /** Blocks first, since the frontends that are written next refer to them. */
  #write({ blocks, freshIds, updates, deletes }: TableChanges): void {
    for (const { first, bytes } of blocks) {
      this.#backends.memory.set(bytes, first * maps.BACKEND_BYTES);
    }
    for (const id of freshIds) {
      this.#counters.memory.fill(0, id * maps.COUNTERS_BYTES, (id + 1) * maps.COUNTERS_BYTES);
    }
    const keys = maps.encodeFrontendKeys([...updates.keys()]);
    this.#frontends.update(updates.size, keys, maps.encodeServices([...updates.values()]));
    this.#frontends.delete(deletes.length, maps.encodeFrontendKeys(deletes));
  }

  #writeAddresses(addresses: readonly string[]): void {
    const before = this.#programmedAddresses;
    if (addresses === before) return;
    const gone = before.filter((address) => !addresses.includes(address));
    const keys = maps.encodeAddresses(addresses);
    this.#nodeAddresses.update(addresses.length, keys, new Uint8Array(keys.length));
    this.#nodeAddresses.delete(gone.length, maps.encodeAddresses(gone));
    this.#programmedAddresses = addresses;
  }

  #restore(): ServiceTable {
    const table = new ServiceTable();
    const { FRONTENDS_MAX, FRONTEND_KEY_BYTES, SERVICE_BYTES } = maps;
    const read = this.#frontends.read(FRONTENDS_MAX, FRONTEND_KEY_BYTES, SERVICE_BYTES);
    const frontends = new Map<maps.FrontendKey, maps.ServiceValue>();
    for (let i = 0; i < read.count; i++) {
      frontends.set(maps.decodeFrontendKey(read.keys, i), maps.decodeService(read.values, i));
    }
    table.restore(frontends, this.#backends.memory, this.options.clock.now());
    const { NODE_ADDRESSES_MAX, ADDRESS_BYTES } = maps;
    const addresses = this.#nodeAddresses.read(NODE_ADDRESSES_MAX, ADDRESS_BYTES, ADDRESS_BYTES);
    this.#programmedAddresses = maps.decodeAddresses(addresses.keys, addresses.count);
    return table;
  }

  /** Maps of another version of this program, which served until now. */
  async #dropOldLayouts(): Promise<void> {
    const { mapsRoot, mapsHere } = ebpfPinsOf(this.options.names);
    for (const name of await listFolder(mapsRoot)) {
      if (`${mapsRoot}/${name}` !== mapsHere) await removeTree(`${mapsRoot}/${name}`);
    }
  }

  counters(): ReadonlyMap<string, ServiceCounters> {
    const found = new Map<string, ServiceCounters>();
    if (this.#isClosed) return found;
    const words = new BigUint64Array(this.#counters.memory.buffer);
    const ids = [...this.#table?.ids() ?? []];
    const rules = new Map(ids.flatMap(([, id, rule]) => rule === undefined ? [] : [[id, rule]]));
    const backends = this.#backendCounts.read(rules);
    for (const [name, id] of ids) {
      const [connections = 0n, refusals = 0n] = words.subarray(2 * id, 2 * id + 2);
      found.set(name, {
        connections: Number(connections),
        refusals: Number(refusals),
        backends: backends.get(id) ?? [],
      });
    }
    return found;
  }

  onAttempt(listener: Attempted): void {
    this.#sleepers.onAttempt(listener);
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#sleepers.close();
    this.#backends.unmap();
    this.#counters.unmap();
    this.object.close();
  }

  async remove(): Promise<void> {
    await removeEbpf(this.options.names);
    await this.close();
  }
}

/** Detaches and forgets; it needs no libbpf, since a link goes with its last pin. */
export async function removeEbpf(names: ClusterNames): Promise<void> {
  await removeTree(names.pins);
}

/**
 * Services, and the short way of pods' packets, which passes other translations by: that first. Names are answered on.
 */
export async function removeServicePrograms(names: ClusterNames): Promise<void> {
  const { networkLinks, uplinks, links, mapsRoot } = ebpfPinsOf(names);
  for (const folder of [networkLinks, uplinks, links, mapsRoot]) await removeTree(folder);
}
