import { RuntimeError } from "../runtime.ts";
import type { ImageStore, StoredImage } from "./image_store.ts";

/** Images in memory, of 100 bytes each; the id of `a:1` is `sha256:a:1`. */
export class FakeImages implements ImageStore {
  readonly used = new Set<string>();
  /** Ids of images that can't be removed. */
  readonly stuck = new Set<string>();
  /** Names of what was removed, in order. */
  readonly removed: string[] = [];
  readonly #images: StoredImage[];

  constructor(names: readonly string[]) {
    this.#images = names.map((name) => ({
      id: `sha256:${name}`,
      names: [name],
      sizeBytes: 100,
      createdAt: 0,
    }));
  }

  /** Lists that fail before the next one that does not. */
  failures = 0;

  // deno-lint-ignore require-await -- it throws as the real one does
  async list(): Promise<StoredImage[]> {
    if (this.failures-- > 0) throw new RuntimeError("Failed", "No such image");
    return [...this.#images];
  }

  inUse(): Promise<ReadonlySet<string>> {
    return Promise.resolve(new Set(this.used));
  }

  // deno-lint-ignore require-await -- it throws as the real one does
  async remove(id: string): Promise<void> {
    if (this.stuck.has(id)) throw new RuntimeError("Failed", "image has dependent child images");
    const at = this.#images.findIndex((image) => image.id === id);
    if (at < 0) return;
    this.removed.push(...this.#images.splice(at, 1).flatMap(({ names }) => names));
  }

  folder(): Promise<string> {
    return Promise.resolve("/images");
  }

  writtenBytes(): Promise<number> {
    return Promise.resolve(0);
  }
}
