/** Held until `release`, or until the process ends. */
export interface FileLock {
  release(): void;
}

const encoder = new TextEncoder();

/**
 * Takes the kernel's lock on `PATH.lock`, which holds the pid of its holder. The file stays behind: whoever
 * removed it could remove the lock of the next one.
 * @throws {Error} when it is held, by another process or by this one
 */
export async function lockFile(path: string): Promise<FileLock> {
  const lockPath = `${path}.lock`;
  const options = { read: true, write: true, create: true, mode: 0o600 };
  const file = await Deno.open(lockPath, options).catch((error: Error) => {
    throw new Error(`Cannot open ${lockPath}: ${error.message}`, { cause: error });
  });
  if (!await file.tryLock(true)) {
    file.close();
    const pid = (await Deno.readTextFile(lockPath)).trim();
    throw new Error(`Cannot open ${path}: process ${pid || "unknown"} has it open`);
  }
  await file.truncate();
  await file.write(encoder.encode(`${Deno.pid}\n`));
  return {
    release() {
      // A program that is being started holds a copy of the file until its first instruction: closing ours is not enough.
      file.unlockSync();
      file.close();
    },
  };
}
