import type { Clock, Log } from "../api/types/ambient.ts";
import type { Pod } from "../api/types/core_v1.ts";
import { folderBytes } from "./host_disk.ts";
import { EvictionManager, type EvictionSettings } from "./eviction/eviction_manager.ts";
import { pressureRefusal } from "./eviction/pressure_refusal.ts";
import { podDisk } from "./eviction/pod_disks.ts";
import type { HostFiles } from "./host_files.ts";
import { ImageKeeper } from "./image_gc/image_keeper.ts";
import type { ImageStore } from "./image_gc/image_store.ts";
import { bytesToFree, type ImageGcSettings } from "./image_gc/plan_image_gc.ts";
import type { RuntimeContainer } from "./runtime.ts";
import { SHUTDOWN_REFUSAL, SHUTDOWN_TROUBLE, shutDownPods } from "./shutdown/shutdown.ts";
import type { ShutdownSettings } from "./shutdown/shutdown.ts";
import type { Sampler } from "./stats/sampler.ts";
import type { Meters } from "./stats/usage.ts";
import type { PodFailure } from "./status_sources.ts";
import type { RecordPodEvent } from "./sync_tools.ts";

export interface DutySettings {
  readonly eviction: EvictionSettings;
  readonly imageGc: ImageGcSettings;
  readonly shutdown: ShutdownSettings;
}

export interface DutyOptions extends DutySettings {
  readonly meters: Meters;
  readonly sampler: Sampler;
  readonly images: ImageStore;
  /** Images that any template of the cluster names. */
  readonly namedInCluster: () => Promise<readonly string[]>;
  readonly sandboxImage: string;
  readonly files: HostFiles;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** The agent's own part in the node's duties. */
export interface DutySources {
  readonly pods: () => readonly Readonly<Pod>[];
  readonly containersOf: (podUid: string) => readonly RuntimeContainer[];
  readonly end: (podUid: string, failure: PodFailure) => void;
  readonly record: RecordPodEvent;
  /** Dead containers that nobody asks for go. */
  readonly removeDead: () => Promise<void>;
  /** Something that the node says of itself has changed. */
  readonly onChange: () => void;
}

/** What keeps the node itself well: evictions, the collection of images, and its own end. */
export class NodeDuties {
  readonly sampler: Sampler;
  readonly #with: DutyOptions;
  readonly #from: DutySources;
  readonly #images: ImageKeeper;
  readonly #evictions: EvictionManager;
  #isEnding = false;

  constructor(options: DutyOptions, from: DutySources) {
    this.#with = options;
    this.#from = from;
    this.sampler = options.sampler;
    this.#images = new ImageKeeper({
      ...options,
      settings: options.imageGc,
      memoryFile: `${options.dataDir}/images.json`,
      disk: async () => (await options.meters.node()).imageFs,
      onChange: from.onChange,
    });
    this.#evictions = new EvictionManager({
      ...options,
      ...options.eviction,
      ...from,
      diskOf: (pod) => this.#diskOf(pod),
      reclaimDisk: () => this.#reclaimDisk(),
      onConditions: from.onChange,
    });
  }

  /** For the node's status. */
  get pressures() {
    return this.#evictions.conditions;
  }

  get images() {
    return this.#images.shown;
  }

  get troubles(): string[] {
    return this.#isEnding ? [SHUTDOWN_TROUBLE] : [];
  }

  /** Why the node takes no pod like this one now. */
  refusalOf(pod: Readonly<Pod>): PodFailure | undefined {
    return this.#isEnding ? SHUTDOWN_REFUSAL : pressureRefusal(pod, this.pressures);
  }

  /** An image has come: the node's list is another one. */
  imagesChanged(): void {
    this.#images.refresh().catch((error) => {
      this.#with.log("Cannot list images", { error: String(error) });
    });
  }

  async run(signal: AbortSignal): Promise<void> {
    const { sampler } = this.#with;
    await Promise.all([
      sampler.run(signal),
      this.#images.run(signal),
      this.#evictions.run(signal),
    ]);
  }

  /** Ends the node's pods where the settings leave time for it. */
  async shutDown(): Promise<void> {
    const { shutdown, clock, log } = this.#with;
    if (shutdown.graceMs === 0) return;
    this.#isEnding = true;
    this.#from.onChange();
    await shutDownPods({ ...shutdown, ...this.#from, clock, log });
  }

  #diskOf(pod: Readonly<Pod>) {
    const { dataDir, images } = this.#with;
    const { containersOf } = this.#from;
    const writtenBytes = (id: string) => images.writtenBytes(id);
    return podDisk(pod, { dataDir, folderBytes, writtenBytes, containersOf });
  }

  /** All that may go: the node is at its end, and each of these is made again where it is needed. */
  async #reclaimDisk(): Promise<void> {
    const { meters, imageGc, log } = this.#with;
    await this.#from.removeDead();
    const { imageFs } = await meters.node();
    const wanted = bytesToFree(imageFs, { ...imageGc, highPercent: 0, lowPercent: 0 });
    await this.#images.free(wanted)
      .catch((error) => log("Cannot free images", { error: String(error) }));
  }
}
