import { execFile } from "node:child_process";
import {
  chmod,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export type FileKind = "folder" | "file" | "socket" | "charDevice" | "blockDevice";

export interface FileContent {
  readonly bytes: Uint8Array;
  readonly mode: number;
}

/** The node's disk, as far as pods need it. Implementations: DiskFiles, and MemoryFiles in tests. */
export interface HostFiles {
  /** Makes the folder and those above it; one that is there keeps its content. */
  makeFolder(path: string, mode?: number): Promise<void>;
  /** Replaces the content in place, so that a bind mount of the file shows it. */
  writeFile(path: string, content: FileContent): Promise<void>;
  /** Makes `files`, by path below `folder`, its whole content in one step that a reader sees all of or none. */
  writeTogether(folder: string, files: ReadonlyMap<string, FileContent>): Promise<void>;
  /** @returns undefined when nothing is there; follows links */
  kindOf(path: string): Promise<FileKind | undefined>;
  /** The path without links. @returns undefined when nothing is there */
  realPath(path: string): Promise<string | undefined>;
  /** @returns "" when there is no such file */
  readText(path: string): Promise<string>;
  /** The last bytes of a file, whatever its size, as text. @returns "" when there is no such file */
  readTail(path: string, bytesMax: number): Promise<string>;
  /** Names in the folder; none when there is no such folder. */
  list(path: string): Promise<string[]>;
  /** A file system in memory; one that is mounted there already stays. `sizeBytes` 0: the kernel's default. */
  mountMemory(path: string, sizeBytes: number): Promise<void>;
  /** Takes the mounts below it away, then the tree. A missing tree is no error. */
  removeTree(path: string): Promise<void>;
}

/** Links of the kubelet's layout: `..data` points at the version that is shown. Source: AtomicWriter. */
const SHOWN = "..data";
const NEXT = "..data_tmp";

/** `version` names the folder of each new content of `writeTogether`; it never gives the same twice. */
export class DiskFiles implements HostFiles {
  constructor(private readonly version: () => string) {}

  async makeFolder(path: string, mode = 0o755): Promise<void> {
    await mkdir(path, { recursive: true });
    // mkdir's own mode is cut by the umask
    await chmod(path, mode);
  }

  async writeFile(path: string, { bytes, mode }: FileContent): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
    await chmod(path, mode);
  }

  async writeTogether(folder: string, files: ReadonlyMap<string, FileContent>): Promise<void> {
    if (await this.#shows(folder, files)) return;
    const version = `..${this.version()}`;
    await mkdir(join(folder, version), { recursive: true });
    for (const [path, content] of files) await this.writeFile(join(folder, version, path), content);
    await rm(join(folder, NEXT), { force: true });
    await symlink(version, join(folder, NEXT));
    await rename(join(folder, NEXT), join(folder, SHOWN));
    const tops = new Set([...files.keys()].map((path) => path.split("/")[0] ?? path));
    for (const name of await readdir(folder)) {
      const isOld = name.startsWith("..") ? name !== SHOWN && name !== version : !tops.has(name);
      if (isOld) await rm(join(folder, name), { recursive: true, force: true });
      tops.delete(name);
    }
    for (const name of tops) await symlink(join(SHOWN, name), join(folder, name));
  }

  async #shows(folder: string, files: ReadonlyMap<string, FileContent>): Promise<boolean> {
    const shown = join(folder, SHOWN);
    const names = await this.#below(shown, "");
    if (names.length !== files.size) return false;
    for (const [path, { bytes, mode }] of files) {
      const there = await readFile(join(shown, path)).catch(absent);
      if (there === undefined || !there.equals(bytes)) return false;
      if (((await stat(join(shown, path))).mode & 0o777) !== mode) return false;
    }
    return true;
  }

  async #below(root: string, path: string): Promise<string[]> {
    const entries = await readdir(join(root, path), { withFileTypes: true }).catch(absent) ?? [];
    const nested = entries.map((entry) => {
      const inner = join(path, entry.name);
      return entry.isDirectory() ? this.#below(root, inner) : [inner];
    });
    return (await Promise.all(nested)).flat();
  }

  async kindOf(path: string): Promise<FileKind | undefined> {
    const found = await stat(path).catch(absent);
    if (found === undefined) return undefined;
    if (found.isDirectory()) return "folder";
    if (found.isSocket()) return "socket";
    if (found.isCharacterDevice()) return "charDevice";
    return found.isBlockDevice() ? "blockDevice" : "file";
  }

  async realPath(path: string): Promise<string | undefined> {
    return await realpath(path).catch(absent);
  }

  async readText(path: string): Promise<string> {
    return (await readFile(path).catch(absent))?.toString() ?? "";
  }

  async readTail(path: string, bytesMax: number): Promise<string> {
    const file = await open(path).catch(absent);
    if (file === undefined) return "";
    try {
      const { size } = await file.stat();
      const from = Math.max(0, size - bytesMax);
      const { buffer, bytesRead } = await file.read({
        buffer: new Uint8Array(Math.min(size, bytesMax)),
        position: from,
      });
      return new TextDecoder().decode(buffer.subarray(0, bytesRead));
    } finally {
      await file.close();
    }
  }

  async list(path: string): Promise<string[]> {
    return await readdir(path).catch(absent) ?? [];
  }

  async mountMemory(path: string, sizeBytes: number): Promise<void> {
    await mkdir(path, { recursive: true });
    const [here, above] = await Promise.all([lstat(path), lstat(dirname(path))]);
    if (here.dev !== above.dev) return;
    const size = sizeBytes === 0 ? [] : ["-o", `size=${sizeBytes}`];
    await run("mount", ["-t", "tmpfs", ...size, "tmpfs", path]);
  }

  async removeTree(path: string): Promise<void> {
    const mounts = (await this.readText("/proc/self/mounts")).split("\n")
      .map((line) => unescaped(line.split(" ")[1] ?? ""))
      .filter((place) => place === path || place.startsWith(`${path}/`));
    for (const place of mounts.reverse()) await run("umount", [place]);
    await rm(path, { recursive: true, force: true });
  }
}

/** The kernel writes blanks in mount points as octal. */
function unescaped(place: string): string {
  return place.replaceAll(/\\(\d{3})/g, (_, code) => String.fromCharCode(parseInt(code, 8)));
}

function absent(error: { code?: string }): undefined {
  if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
}
