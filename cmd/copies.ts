import { exportText, importText } from "../store/export_text.ts";
import { EncryptingLedger } from "../store/encrypting_ledger.ts";
import { openKvLedger } from "../store/kv_ledger.ts";
import type { Loaded } from "../store/ledger.ts";
import { removeIfThere } from "./files.ts";
import { type Settings, UsageError } from "./flags.ts";
import { copyFromMaster } from "./copy_socket.ts";
import { ENCRYPTED, openLedger, readSealer } from "./open_stores.ts";
import { type Paths, pathsOf } from "./paths.ts";

/** Writes a file with which a master can start, `--store=FILE`: all objects as they are at one moment. */
export async function snapshot(settings: Settings): Promise<void> {
  const file = fileOf(settings, "snapshot");
  await rejectExisting(file);
  const sealer = await readSealer(settings.storage.encryptionKeyFile);
  await withContent(settings, async (content) => {
    const ledger = new EncryptingLedger(await openKvLedger(file), sealer, ENCRYPTED);
    await ledger.fill(content).finally(() => ledger.close());
    await removeIfThere(`${file}.lock`);
    console.log(`Wrote ${file} at revision ${content.head}: start with --store=${file}`);
  });
}

/** Writes everything as text. Secrets stand in it as they are. */
export async function exportAll(settings: Settings): Promise<void> {
  const path = fileOf(settings, "export");
  await rejectExisting(path);
  await withContent(settings, async (content) => {
    using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
    for await (const chunk of exportText(content)) await writeAll(file, chunk);
    await file.sync();
    console.log(`Wrote ${path} at revision ${content.head}`);
  });
}

/** Fills an empty store with what was exported. */
export async function importAll(settings: Settings): Promise<void> {
  const path = fileOf(settings, "import");
  const file = await Deno.open(path);
  let content: Loaded;
  try {
    content = await importText(file.readable);
  } catch (error) {
    throw new Error(`Cannot import ${path}: ${(error as Error).message}`);
  }
  const ledger = await openLedger(settings, await preparedPaths(settings));
  await ledger.fill(content).finally(() => ledger.close());
  console.log(`Imported ${path}, revision ${content.head}`);
}

async function preparedPaths({ dataDir }: Settings): Promise<Paths> {
  await Deno.mkdir(dataDir, { recursive: true, mode: 0o700 });
  return pathsOf(dataDir);
}

function fileOf({ file }: Settings, command: string): string {
  if (file !== "") return file;
  throw new UsageError(`${command} needs --file=/PATH`);
}

async function rejectExisting(path: string): Promise<void> {
  const isThere = await Deno.stat(path).then(() => true, () => false);
  if (isThere) throw new UsageError(`${path} is there already: nothing is written over it`);
}

/** From the master of the data directory where one runs; else from the store itself. */
async function withContent(
  settings: Settings,
  use: (content: Loaded) => Promise<void>,
): Promise<void> {
  const paths = pathsOf(settings.dataDir);
  const copied = await copyFromMaster(paths, settings.storage.encryptionKeyFile !== "");
  if (copied !== undefined) return await use(copied);
  const ledger = await openLedger(settings, paths);
  try {
    await use(await ledger.load());
  } finally {
    await ledger.close();
  }
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}
