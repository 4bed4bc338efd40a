import type { FileContent, FileKind, GroupOwnership, HostFiles } from "./host_files.ts";

/** A disk in memory, for tests and the simulation. */
export class MemoryFiles implements HostFiles {
  readonly files = new Map<string, FileContent>();
  readonly folders = new Set<string>();
  readonly groups = new Map<string, GroupOwnership>();

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

  giveToGroup(path: string, ownership: GroupOwnership): Promise<void> {
    this.groups.set(path, ownership);
    return Promise.resolve();
  }

  move(from: string, to: string): Promise<void> {
    const file = this.files.get(from);
    if (file !== undefined) {
      this.files.set(to, file);
      this.files.delete(from);
      return Promise.resolve();
    }
    this.folders.delete(from);
    this.folders.add(to);
    for (const path of this.#below(from)) {
      this.files.set(to + path.slice(from.length), this.files.get(path) as FileContent);
      this.files.delete(path);
    }
    return Promise.resolve();
  }

  usedBytes(path: string): Promise<number> {
    const sizes = this.#below(path).map((one) => this.files.get(one)?.bytes.length ?? 0);
    return Promise.resolve(sizes.reduce((sum, size) => sum + size, 0));
  }

  kindOf(path: string): Promise<FileKind | undefined> {
    if (this.files.has(path)) return Promise.resolve("file");
    return Promise.resolve(this.folders.has(path) ? "folder" : undefined);
  }

  readText(path: string): Promise<string> {
    return Promise.resolve(new TextDecoder().decode(this.files.get(path)?.bytes));
  }

  async readTail(path: string, bytesMax: number): Promise<string> {
    return (await this.readText(path)).slice(-bytesMax);
  }

  list(path: string): Promise<string[]> {
    const folder = path.replace(/\/$/, "");
    const names = [...this.#below(folder), ...this.folders].filter((one) =>
      one.startsWith(`${folder}/`)
    );
    return Promise.resolve([
      ...new Set(names.map((one) => one.slice(folder.length + 1).split("/")[0] ?? "")),
    ]);
  }

  removeTree(path: string): Promise<void> {
    for (const file of this.#below(path)) this.files.delete(file);
    for (const one of this.folders) {
      if (one === path || one.startsWith(`${path}/`)) {
        this.folders.delete(one);
      }
    }
    return Promise.resolve();
  }

  #below(folder: string): string[] {
    return [...this.files.keys()].filter((path) => path.startsWith(`${folder}/`));
  }
}
