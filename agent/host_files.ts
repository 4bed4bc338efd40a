import {
  chmod,
  chown,
  mkdir,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { dirname, join } from "node:path";
import { groupMode, hasGroup, ownByGroup, usedBytes } from "./host_ownership.ts";
import type { HostMounts } from "./host_mounts.ts";

export type FileKind = "folder" | "file" | "socket" | "charDevice" | "blockDevice";

export interface FileContent {
  readonly bytes: Uint8Array;
  readonly mode: number;
  /** Absent: root. */
  readonly uid?: number;
}

/** A group that pods share files by, the pod's `fsGroup`. */
export interface GroupOwnership {
  readonly group: number;
  /** The group may write, too. */
  readonly isWritable: boolean;
  /** A folder that is the group's already is taken as done, with all that is in it. */
  readonly isRootEnough: boolean;
}

/** The node's disk, as far as pods need it. Implementations: DiskFiles, and MemoryFiles in tests. */
export interface HostFiles {
  /** Makes the folder and those above it; one that is there keeps its content. */
  makeFolder(path: string, mode?: number): Promise<void>;
  /** Replaces the content in place, so that a bind mount of the file shows it. */
  writeFile(path: string, content: FileContent): Promise<void>;
  /**
   * Makes `files`, by path below `folder`, its whole content in one step that a reader sees all of or none.
   * With a `group` they are readable for it.
   */
  writeTogether(
    folder: string,
    files: ReadonlyMap<string, FileContent>,
    group?: number,
  ): Promise<void>;
  /** Gives the tree to a group; what is made in its folders later belongs to it, too. Links are not followed. */
  giveToGroup(path: string, ownership: GroupOwnership): Promise<void>;
  /** Both on one disk. */
  move(from: string, to: string): Promise<void>;
  /** What the tree takes on its disk, without what is mounted in it. */
  usedBytes(path: string): Promise<number>;
  /** @returns undefined when nothing is there; follows links */
  kindOf(path: string): Promise<FileKind | undefined>;
  /** @returns "" when there is no such file */
  readText(path: string): Promise<string>;
  /** The last bytes of a file, whatever its size, as text. @returns "" when there is no such file */
  readTail(path: string, bytesMax: number): Promise<string>;
  /** Names in the folder; none when there is no such folder. */
  list(path: string): Promise<string[]>;
  /**
   * Takes the mounts below it away, then the tree: never what is mounted. A missing tree is no error.
   * @throws {MountError} when a mount can't be taken away; then nothing is deleted
   */
  removeTree(path: string): Promise<void>;
}

/** Links of the kubelet's layout: `..data` points at the version that is shown. Source: AtomicWriter. */
const SHOWN = "..data";
const NEXT = "..data_tmp";

export class DiskFiles implements HostFiles {
  /** @param version names the folder of each new content of `writeTogether`; it never gives the same twice */
  constructor(
    private readonly version: () => string,
    private readonly mounts: Pick<HostMounts, "unmountBelow">,
  ) {}

  async makeFolder(path: string, mode = 0o755): Promise<void> {
    await mkdir(path, { recursive: true });
    // mkdir's own mode is cut by the umask
    await chmod(path, mode);
  }

  async writeFile(path: string, { bytes, mode, uid }: FileContent): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
    await chmod(path, mode);
    if (uid !== undefined) await chown(path, uid, -1);
  }

  async writeTogether(
    folder: string,
    files: ReadonlyMap<string, FileContent>,
    group?: number,
  ): Promise<void> {
    if (await this.#shows(folder, files, group)) return;
    const version = `..${this.version()}`;
    await mkdir(join(folder, version), { recursive: true });
    for (const [path, content] of files) await this.writeFile(join(folder, version, path), content);
    if (group !== undefined) await this.giveToGroup(folder, shownTo(group));
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

  async #shows(
    folder: string,
    files: ReadonlyMap<string, FileContent>,
    group: number | undefined,
  ): Promise<boolean> {
    const shown = join(folder, SHOWN);
    const names = await this.#below(shown, "");
    if (names.length !== files.size) return false;
    // without a file there is nothing to tell content that was written from a folder that is new
    if (files.size === 0) return await this.kindOf(shown) !== undefined;
    for (const [path, { bytes, mode, uid = 0 }] of files) {
      const place = join(shown, path);
      const there = await readFile(place).catch(absent);
      if (there === undefined || !there.equals(bytes)) return false;
      const found = await stat(place);
      const wanted = group === undefined ? mode : groupMode(mode, shownTo(group));
      if ((found.mode & 0o777) !== wanted || found.uid !== uid) return false;
      if (group !== undefined && found.gid !== group) return false;
    }
    return true;
  }

  async giveToGroup(path: string, ownership: GroupOwnership): Promise<void> {
    if (ownership.isRootEnough && await hasGroup(path, ownership)) return;
    await ownByGroup(path, ownership);
  }

  async move(from: string, to: string): Promise<void> {
    await rename(from, to);
  }

  async usedBytes(path: string): Promise<number> {
    return await usedBytes(path);
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

  async removeTree(path: string): Promise<void> {
    await this.mounts.unmountBelow(path);
    await rm(path, { recursive: true, force: true });
  }
}

/** Nobody but the agent writes to what shows objects of the API. */
const shownTo = (group: number) => ({ group, isWritable: false, isRootEnough: false });

function absent(error: { code?: string }): undefined {
  if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
}
