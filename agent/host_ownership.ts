import { execFile } from "node:child_process";
import type { Stats } from "node:fs";
import { chmod, lchown, lstat, readdir } from "node:fs/promises";
import { join } from "node:path/posix";
import { promisify } from "node:util";
import type { GroupOwnership } from "./host_files.ts";

const run = promisify(execFile);

/** Source: k8s.io/kubernetes, pkg/volume/volume_linux.go. */
const READ_WRITE = 0o660;
const READ = 0o440;
const SEARCH = 0o110;
const SET_GROUP_ID = 0o2000;
const MODE_BITS = 0o7777;

export function groupMode(
  mode: number,
  { isWritable }: Pick<GroupOwnership, "isWritable">,
  isFolder = false,
): number {
  const mask = isWritable ? READ_WRITE : READ;
  return (mode & MODE_BITS) | mask | (isFolder ? SET_GROUP_ID | SEARCH : 0);
}

/** True for a tree whose root looks as if all of it had been given to the group. */
export async function hasGroup(path: string, ownership: GroupOwnership): Promise<boolean> {
  const { gid, mode } = await lstat(path);
  return gid === ownership.group && groupMode(mode, ownership, true) === (mode & MODE_BITS);
}

/** The root comes last: one that was given away tells that the rest was, too. */
export async function ownByGroup(path: string, ownership: GroupOwnership): Promise<void> {
  const found = await lstat(path);
  if (found.isDirectory()) {
    for (const name of await readdir(path)) await ownByGroup(join(path, name), ownership);
  }
  await ownOne(path, found, ownership);
}

async function ownOne(path: string, found: Stats, ownership: GroupOwnership): Promise<void> {
  if (found.gid !== ownership.group) await lchown(path, -1, ownership.group);
  if (found.isSymbolicLink()) return;
  const mode = groupMode(found.mode, ownership, found.isDirectory());
  // a change of the group takes bits away, so that the mode comes after it
  if (mode !== (found.mode & MODE_BITS) || found.gid !== ownership.group) await chmod(path, mode);
}

const PATIENCE_MS = 60_000;
const UNIT_BYTES = 1024;

/** As du(1) counts: blocks on this file system, those of a file with several names once. */
export async function usedBytes(path: string): Promise<number> {
  const { stdout } = await run("du", ["-skx", "--", path], { timeout: PATIENCE_MS });
  return Number(stdout.split("\t")[0]) * UNIT_BYTES;
}
