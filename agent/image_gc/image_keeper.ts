import type { Clock, Log } from "../../api/types/ambient.ts";
import type { HostFiles } from "../host_files.ts";
import type { ImageStore } from "./image_store.ts";
import {
  bytesToFree,
  fullName,
  type ImageGcSettings,
  type ImageMemory,
  rememberImages,
  removableImages,
  shownImages,
} from "./plan_image_gc.ts";

/** Source: kubelet, ImageGCPeriod. */
export const IMAGE_GC_EVERY_MS = 300_000;
/** An engine that removes an image while it lists them fails: it is asked again, later each time. */
const RETRY_FIRST_MS = 1_000;

export interface ImageKeeperOptions {
  readonly images: ImageStore;
  readonly settings: ImageGcSettings;
  readonly files: HostFiles;
  /** Where is remembered when an image was used last. */
  readonly memoryFile: string;
  /** Of the file system of images. */
  readonly disk: () => Promise<{ capacityBytes: number; availableBytes: number }>;
  /** Images that any template of the cluster names. It fails when nobody can say: then nothing goes. */
  readonly namedInCluster: () => Promise<readonly string[]>;
  /** Never removed: without it no pod starts. */
  readonly sandboxImage: string;
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly log: Log;
}

type Shown = ReturnType<typeof shownImages>;

/** Knows the node's images, and removes those that nobody needs when the disk fills up. */
export class ImageKeeper {
  readonly #with: ImageKeeperOptions;
  #memory: Map<string, ImageMemory> | undefined;
  #written = "";
  #shown: Shown | undefined;

  constructor(options: ImageKeeperOptions) {
    this.#with = options;
  }

  /** For the node's status; undefined until they are known. */
  get shown(): Shown | undefined {
    return this.#shown;
  }

  /** Until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#with;
    let retryMs = RETRY_FIRST_MS;
    while (!signal.aborted) {
      try {
        await this.look();
        retryMs = RETRY_FIRST_MS;
        await clock.sleep(IMAGE_GC_EVERY_MS, signal);
      } catch (error) {
        log("Cannot look after images", { error: String(error), retryMs });
        await clock.sleep(retryMs, signal);
        retryMs = Math.min(2 * retryMs, IMAGE_GC_EVERY_MS);
      }
    }
  }

  async look(): Promise<void> {
    const { disk, settings } = this.#with;
    await this.refresh();
    const wanted = bytesToFree(await disk(), settings);
    if (wanted > 0) await this.free(wanted);
  }

  /** What the node has; to be called when that may have changed. */
  async refresh(): Promise<void> {
    const { images, clock, onChange } = this.#with;
    const [all, inUse] = await Promise.all([images.list(), images.inUse()]);
    const before = await this.#remembered();
    await this.#remember(rememberImages(all, inUse, before, clock.now()));
    const shown = shownImages(all);
    const isNew = JSON.stringify(shown) !== JSON.stringify(this.#shown);
    this.#shown = shown;
    if (isNew) onChange();
  }

  /** Removes images until so many bytes should be free. @returns what was freed, by the engine's own count */
  async free(wantedBytes: number): Promise<number> {
    const { images, clock, settings, log } = this.#with;
    const named = await this.#named();
    const [all, inUse, memory] = await Promise.all([
      images.list(),
      images.inUse(),
      this.#remembered(),
    ]);
    const { minAgeMs } = settings;
    const going = removableImages({
      images: all,
      inUse,
      memory,
      named,
      minAgeMs,
      now: clock.now(),
    });
    let freed = 0;
    for (const image of going) {
      if (freed >= wantedBytes) break;
      try {
        await images.remove(image.id);
        freed += image.sizeBytes;
        log("Removed an image", { image: image.names[0] ?? image.id, bytes: image.sizeBytes });
      } catch (error) {
        log("Cannot remove an image", { image: image.names[0], error: String(error) });
      }
    }
    if (freed < wantedBytes) {
      log("Images do not free enough of the disk", { wantedBytes, freed });
    }
    await this.refresh();
    return freed;
  }

  async #named(): Promise<Set<string>> {
    const { namedInCluster, sandboxImage } = this.#with;
    return new Set([...await namedInCluster(), sandboxImage].map(fullName));
  }

  async #remembered(): Promise<Map<string, ImageMemory>> {
    return this.#memory ??= memoryIn(await this.#with.files.readText(this.#with.memoryFile));
  }

  /** To the minute is enough, and spares the disk. */
  async #remember(memory: Map<string, ImageMemory>): Promise<void> {
    const { files, memoryFile } = this.#with;
    this.#memory = memory;
    const text = JSON.stringify(Object.fromEntries(memory));
    const form = text.replaceAll(/\d{5}(?=[,}])/g, "");
    if (form === this.#written) return;
    await files.writeFile(memoryFile, { bytes: new TextEncoder().encode(text), mode: 0o600 });
    this.#written = form;
  }
}

/** A file that can't be read is an agent that has seen nothing yet. */
function memoryIn(text: string): Map<string, ImageMemory> {
  if (text === "") return new Map();
  try {
    const entries = Object.entries(JSON.parse(text) as Record<string, Partial<ImageMemory>>);
    return new Map(entries.map(([id, { firstSeen = 0, lastUsed = 0 }]) => [
      id,
      { firstSeen: Number(firstSeen) || 0, lastUsed: Number(lastUsed) || 0 },
    ]));
  } catch {
    return new Map();
  }
}
