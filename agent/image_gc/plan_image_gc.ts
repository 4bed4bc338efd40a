import type { StoredImage } from "./image_store.ts";

export interface ImageGcSettings {
  /** Shares of the disk, in percent: above the high mark images go until the low one is reached. */
  readonly highPercent: number;
  readonly lowPercent: number;
  /** An image stays at least so long after it was first seen. */
  readonly minAgeMs: number;
}

/** Source: kubelet, imageGCHighThresholdPercent and its like. */
export const IMAGE_GC_DEFAULTS: ImageGcSettings = {
  highPercent: 85,
  lowPercent: 80,
  minAgeMs: 120_000,
};

/** What is remembered of an image; milliseconds since 1970. */
export interface ImageMemory {
  readonly firstSeen: number;
  /** 0: it was in use at no time that is remembered. */
  readonly lastUsed: number;
}

/** Bytes to free so that the low mark is reached; 0 below the high mark. */
export function bytesToFree(
  { capacityBytes, availableBytes }: { capacityBytes: number; availableBytes: number },
  { highPercent, lowPercent }: ImageGcSettings,
): number {
  if (capacityBytes <= 0) return 0;
  const usedPercent = 100 - Math.floor(availableBytes * 100 / capacityBytes);
  if (usedPercent < highPercent) return 0;
  return Math.max(0, Math.ceil(capacityBytes * (100 - lowPercent) / 100) - availableBytes);
}

export interface ImageGcSources {
  readonly images: readonly StoredImage[];
  readonly memory: ReadonlyMap<string, ImageMemory>;
  /** Ids of images that a container has been made of. */
  readonly inUse: ReadonlySet<string>;
  /** Names, as they stand in templates and pods. */
  readonly named: ReadonlySet<string>;
  readonly minAgeMs: number;
  readonly now: number;
}

/** Images that may go, the one that was not used for longest first. */
export function removableImages(sources: ImageGcSources): StoredImage[] {
  const { images, memory, inUse, named, minAgeMs, now } = sources;
  const of = ({ id }: StoredImage) => memory.get(id) ?? { firstSeen: now, lastUsed: 0 };
  return images
    .filter((image) => !inUse.has(image.id) && !isNamed(image, named))
    .filter((image) => now - of(image).firstSeen >= minAgeMs)
    .toSorted((a, b) => of(a).lastUsed - of(b).lastUsed || of(a).firstSeen - of(b).firstSeen);
}

function isNamed({ id, names }: StoredImage, named: ReadonlySet<string>): boolean {
  return named.has(id) || names.some((name) => named.has(fullName(name)));
}

/** One way to write a name: engines and users leave out the registry, its folder and the tag that they mean. */
export function fullName(name: string): string {
  const [first = "", ...rest] = name.split("/");
  const hasRegistry = rest.length > 0 && (/[.:]/.test(first) || first === "localhost");
  const path = hasRegistry ? rest.join("/") : name;
  const registry = hasRegistry && first !== "index.docker.io" ? first : "docker.io";
  const placed = registry === "docker.io" && !path.includes("/") ? `library/${path}` : path;
  const last = placed.slice(placed.lastIndexOf("/") + 1);
  return `${registry}/${/[:@]/.test(last) ? placed : `${placed}:latest`}`;
}

/** What is remembered after a look: images that are in use now were used last now; those that are gone are forgotten. */
export function rememberImages(
  images: readonly StoredImage[],
  inUse: ReadonlySet<string>,
  before: ReadonlyMap<string, ImageMemory>,
  now: number,
): Map<string, ImageMemory> {
  return new Map(images.map(({ id }) => {
    const { firstSeen, lastUsed } = before.get(id) ?? { firstSeen: now, lastUsed: 0 };
    return [id, { firstSeen, lastUsed: inUse.has(id) ? now : lastUsed }];
  }));
}

/** Images that a node's status lists. Source: kubelet, nodeStatusMaxImages. */
export const SHOWN_MAX = 50;

/** For the node's status, the largest first. */
export function shownImages(images: readonly StoredImage[], max = SHOWN_MAX) {
  return images.filter(({ names }) => names.length > 0)
    .toSorted((a, b) => b.sizeBytes - a.sizeBytes || (a.id < b.id ? -1 : 1))
    .slice(0, max)
    .map(({ names, sizeBytes }) => ({ names: [...names], sizeBytes }));
}
