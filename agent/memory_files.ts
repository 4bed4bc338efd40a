import type { FileContent, FileKind, HostFiles } from "./host_files.ts";

/** A disk in memory, for tests and the simulation. */
export class MemoryFiles implements HostFiles {
  readonly files = new Map<string, FileContent>();
  readonly folders = new Set<string>();
  readonly mounts = new Set<string>();

  makeFolder(path: string): Promise<void> {
    this.folders.add(path);
    return Promise.resolve();
  }

  writeFile(path: string, content: FileContent): Promise<void> {
    this.files.set(path, content);
    return Promise.resolve();
  }

  writeTogether(folder: string, files: ReadonlyMap<string, FileContent>): Promise<void> {
    for (const path of this.#below(folder)) this.files.delete(path);
    for (const [path, content] of files) this.files.set(`${folder}/${path}`, content);
    return Promise.resolve();
  }

  kindOf(path: string): Promise<FileKind | undefined> {
    if (this.files.has(path)) return Promise.resolve("file");
    return Promise.resolve(this.folders.has(path) ? "folder" : undefined);
  }

  async realPath(path: string): Promise<string | undefined> {
    return await this.kindOf(path) === undefined ? undefined : path;
  }

  readText(path: string): Promise<string> {
    return Promise.resolve(new TextDecoder().decode(this.files.get(path)?.bytes));
  }

  async readTail(path: string, bytesMax: number): Promise<string> {
    return (await this.readText(path)).slice(-bytesMax);
  }

  list(path: string): Promise<string[]> {
    const names = [...this.#below(path), ...this.folders].filter((one) =>
      one.startsWith(`${path}/`)
    );
    return Promise.resolve([
      ...new Set(names.map((one) => one.slice(path.length + 1).split("/")[0] ?? "")),
    ]);
  }

  mountMemory(path: string): Promise<void> {
    this.mounts.add(path);
    return Promise.resolve();
  }

  removeTree(path: string): Promise<void> {
    for (const file of this.#below(path)) this.files.delete(file);
    for (const set of [this.folders, this.mounts]) {
      for (const one of set) if (one === path || one.startsWith(`${path}/`)) set.delete(one);
    }
    return Promise.resolve();
  }

  #below(folder: string): string[] {
    return [...this.files.keys()].filter((path) => path.startsWith(`${folder}/`));
  }
}
