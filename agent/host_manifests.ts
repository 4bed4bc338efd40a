import { watch } from "node:fs";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path/posix";
import type { ManifestSource } from "./static_pods/static_pods.ts";

/** Larger files are no manifests. */
const FILE_BYTES_MAX = 1 << 20;
const MANIFEST = /^[^.].*\.(ya?ml|json)$/;

/** A folder of manifests on this host; it is made where it is not there. */
export class ManifestFolder implements ManifestSource {
  constructor(private readonly folder: string) {}

  async read(): Promise<Map<string, string>> {
    await mkdir(this.folder, { recursive: true });
    const names = (await readdir(this.folder)).filter((name) => MANIFEST.test(name)).sort();
    const files = new Map<string, string>();
    for (const name of names) {
      const path = join(this.folder, name);
      // a file that goes while we read was not there
      const text = await readFile(path, "utf8").catch((error: { code?: string }) => {
        if (error.code === "ENOENT" || error.code === "EISDIR") return undefined;
        throw error;
      });
      if (text !== undefined) files.set(path, text.slice(0, FILE_BYTES_MAX));
    }
    return files;
  }

  watch(onChange: () => void, signal: AbortSignal): void {
    watch(this.folder, { signal, persistent: false }, onChange).on("error", onChange);
  }
}
