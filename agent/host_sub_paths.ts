import { constants, type Stats } from "node:fs";
import { chmod, type FileHandle, mkdir, open, realpath, stat } from "node:fs/promises";
import { dirname, join, relative } from "node:path/posix";
import { MountError, type PartRequest } from "./host_mounts.ts";

/** Opens to know, and not to read. Source: Linux, fcntl.h; node has no name for it. */
const O_PATH = 0o10000000;
const { O_DIRECTORY, O_NOFOLLOW } = constants;
const MODE_BITS = 0o7777;

export interface OpenedPart extends AsyncDisposable {
  /** Leads to the opened file itself, by whatever name it goes now. */
  readonly path: string;
  readonly isFolder: boolean;
}

/**
 * Opens a part of a volume step by step, so that who may write into the volume can lead nobody out of it by a
 * link, neither before nor meanwhile. Links that stay in it are followed once, at the beginning.
 * Source: k8s.io/kubernetes, pkg/volume/util/subpath, doSafeOpen and doSafeMakeDir.
 * @throws {MountError}
 */
export async function openPart(
  { volumePath, subPath, isMade }: Omit<PartRequest, "target">,
): Promise<OpenedPart> {
  const root = await realpath(volumePath);
  const { there, missing } = await resolved(join(root, subPath));
  if (there !== root && !there.startsWith(`${root}/`)) {
    throw new MountError(`${JSON.stringify(subPath)} leads out of its volume`);
  }
  if (missing.length > 0 && !isMade) throw new MountError(`${JSON.stringify(subPath)} not found`);
  const opened = [await open(root, O_PATH | O_DIRECTORY)];
  const close = async () => void await Promise.all(opened.map((handle) => handle.close()));
  try {
    const existing = relative(root, there).split("/").filter((name) => name !== "");
    for (const name of existing) opened.push(await step(last(opened), name));
    const { mode } = await stat(root);
    for (const name of missing) opened.push(await makeStep(last(opened), name, mode & MODE_BITS));
    const found = await last(opened).stat();
    rejectLink(found, subPath);
    return {
      path: `/proc/${Deno.pid}/fd/${last(opened).fd}`,
      isFolder: found.isDirectory(),
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

const last = (handles: readonly FileHandle[]) => handles.at(-1) as FileHandle;

/** What of the path is there, without links, and the names after it. */
async function resolved(path: string): Promise<{ there: string; missing: string[] }> {
  const missing: string[] = [];
  for (let part = path;; part = dirname(part)) {
    try {
      return { there: await realpath(part), missing };
    } catch (error) {
      if ((error as { code?: string }).code !== "ENOENT") throw error;
      missing.unshift(part.slice(dirname(part).length).replace(/^\//, ""));
    }
  }
}

const inside = ({ fd }: FileHandle, name: string) => `/proc/self/fd/${fd}/${name}`;

async function step(folder: FileHandle, name: string): Promise<FileHandle> {
  return await open(inside(folder, name), O_PATH | O_NOFOLLOW);
}

/** A name that is there after all was made by another container of the pod, or is a link that leads nowhere. */
async function makeStep(folder: FileHandle, name: string, mode: number): Promise<FileHandle> {
  const isNew = await mkdir(inside(folder, name)).then(() => true, (error) => {
    if (error.code !== "EEXIST") throw error;
    return false;
  });
  const next = await step(folder, name);
  // mkdir's own mode is cut by the umask
  if (isNew) await chmod(`/proc/self/fd/${next.fd}`, mode);
  return next;
}

function rejectLink(found: Stats, name: string): void {
  if (!found.isSymbolicLink()) return;
  throw new MountError(`${JSON.stringify(name)} has become a link`);
}
