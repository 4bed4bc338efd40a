import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Reading a folder that takes longer is given up: what is known then counts. */
const READ_MS_MAX = 60_000;

/** Bytes that these folders take on disk, by path; those that are not there are left out. */
export async function folderBytes(paths: readonly string[]): Promise<Map<string, number>> {
  if (paths.length === 0) return new Map();
  // some may be gone, and files come and go while it reads: du says what it found all the same
  const { stdout } = await run("du", ["-s", "-B1", "--", ...paths], { timeout: READ_MS_MAX })
    .catch((error: { stdout?: string }) => ({ stdout: error.stdout ?? "" }));
  const lines = stdout.split("\n").filter((line) => line !== "");
  return new Map(lines.map((line): [string, number] => {
    const [bytes = "", path = ""] = line.split("\t");
    return [path, Number(bytes)];
  }));
}
