import { Buffer } from "node:buffer";
import { type FileHandle, open, stat } from "node:fs/promises";
import type { Clock } from "../api/types/ambient.ts";

const BLOCK_BYTES = 256 << 10;
const NEWLINE = 10;
/** Between looks at a followed log: soon after it grew, later and later while it does not. */
const LOOK_FIRST_MS = 50;
const LOOK_MAX_MS = 500;
/** Rotated files that are looked for; the engine keeps fewer. */
const FILES_MAX = 20;

export interface LogFileOptions {
  readonly follow: boolean;
  /** Lines from the end of all files; absent: everything. */
  readonly tailLines?: number;
  /** Resolves when nothing more will be written. */
  readonly ended: Promise<unknown>;
  readonly signal: AbortSignal;
}

/** Logs on the node's disk. Implementations: DiskLogFiles. */
export interface LogFiles {
  /** True when the file can be read here. */
  has(path: string): Promise<boolean>;
  /** The bytes of the log in order, from its oldest rotated file to its end. */
  read(path: string, options: LogFileOptions): AsyncGenerator<Uint8Array>;
}

interface Place {
  readonly handle: FileHandle;
  readonly inode: number;
  position: number;
}

/**
 * Reads a log while it is written and rotated: `PATH.2` is older than `PATH.1` is older than `PATH`. The file that
 * is being read stays open, so that a rotation loses nothing, and the next one is known by its inode.
 */
export class DiskLogFiles implements LogFiles {
  constructor(private readonly clock: Clock) {}

  async has(path: string): Promise<boolean> {
    return await inodeOf(path) !== undefined;
  }

  async *read(path: string, options: LogFileOptions): AsyncGenerator<Uint8Array> {
    const { follow, tailLines, ended, signal } = options;
    let isOver = !follow;
    const end = () => void (isOver = true);
    ended.then(end, end);
    let place = await startOf(path, tailLines);
    let waitMs = LOOK_FIRST_MS;
    try {
      while (place !== undefined && !signal.aborted) {
        const wasOver = isOver;
        const next = await pathAfter(path, place.inode);
        const block = await blockAt(place);
        if (block.length > 0) {
          waitMs = LOOK_FIRST_MS;
          yield block;
        } else if (next !== undefined) place = await moved(place, next);
        else if (wasOver) return;
        else {
          await Promise.race([this.clock.sleep(waitMs, signal), ended]);
          waitMs = Math.min(2 * waitMs, LOOK_MAX_MS);
        }
      }
    } finally {
      await place?.handle.close();
    }
  }
}

async function blockAt(place: Place): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(BLOCK_BYTES);
  const { bytesRead } = await place.handle.read(buffer, 0, BLOCK_BYTES, place.position);
  place.position += bytesRead;
  return buffer.subarray(0, bytesRead);
}

async function inodeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(absent))?.ino;
}

function absent(error: { code?: string }): undefined {
  if (error.code !== "ENOENT" && error.code !== "EACCES") throw error;
}

/** Paths of the log's files that are there, newest first. */
async function pathsOf(path: string): Promise<{ path: string; inode: number }[]> {
  const found: { path: string; inode: number }[] = [];
  for (let i = 0; i < FILES_MAX; i += 1) {
    const one = i === 0 ? path : `${path}.${i}`;
    const inode = await inodeOf(one);
    if (inode !== undefined) found.push({ path: one, inode });
    else if (i > 0) break;
  }
  return found;
}

/** @returns the path of the file after this one; of the oldest when it is not among them any more */
async function pathAfter(path: string, inode: number): Promise<string | undefined> {
  if (await inodeOf(path) === inode) return undefined;
  const files = await pathsOf(path);
  const at = files.findIndex((one) => one.inode === inode);
  return at < 0 ? files.at(-1)?.path : files[at - 1]?.path;
}

async function moved(place: Place, path: string): Promise<Place> {
  const next = await placeIn(path, 0);
  if (next === undefined) return place;
  await place.handle.close();
  return next;
}

/** @returns undefined when it went in the meantime */
async function placeIn(path: string, position: number): Promise<Place | undefined> {
  const handle = await open(path).catch(absent);
  if (handle === undefined) return undefined;
  return { handle, inode: (await handle.stat()).ino, position };
}

/** Where the last `tailLines` lines begin. */
async function startOf(path: string, tailLines = Infinity): Promise<Place | undefined> {
  const files = await pathsOf(path);
  let missing = tailLines;
  for (const [i, file] of files.entries()) {
    const place = await placeIn(file.path, 0);
    if (place === undefined) continue;
    const isOldest = i === files.length - 1;
    if (missing === Infinity) {
      if (isOldest) return place;
    } else {
      const { position, found } = await linesFromEnd(place.handle, missing);
      place.position = position;
      missing -= found;
      if (missing <= 0 || isOldest) return place;
    }
    await place.handle.close();
  }
  return undefined;
}

/** Where the last lines of one file begin, and how many of them there are, up to `wanted`. */
async function linesFromEnd(handle: FileHandle, wanted: number) {
  const { size } = await handle.stat();
  if (wanted === 0) return { position: size, found: 0 };
  let found = 0;
  for (let end = size; end > 0;) {
    const length = Math.min(BLOCK_BYTES, end);
    const buffer = Buffer.allocUnsafe(length);
    await handle.read(buffer, 0, length, end - length);
    // the newline at the very end closes the last line
    let at = end === size ? length - 1 : length;
    while ((at = at === 0 ? -1 : buffer.lastIndexOf(NEWLINE, at - 1)) >= 0) {
      found += 1;
      if (found === wanted) return { position: end - length + at + 1, found };
    }
    end -= length;
  }
  return { position: 0, found: size === 0 ? 0 : found + 1 };
}
