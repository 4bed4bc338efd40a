import { readIfThere, writeWhole } from "./files.ts";
import { asFlags } from "./as_flags.ts";
import { type Settings, UsageError } from "./flags.ts";

/** What a data directory says of the cluster that it holds, so that `down` needs no flags but the folder. */
export interface ClusterRecord {
  readonly settings: Settings;
}

const fileOf = (dataDir: string) => `${dataDir}/cluster.json`;

export async function readRecord(dataDir: string): Promise<ClusterRecord | undefined> {
  const text = await readIfThere(fileOf(dataDir));
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as ClusterRecord;
  } catch (error) {
    throw new Error(`Cannot read ${fileOf(dataDir)}: ${(error as Error).message}`);
  }
}

/**
 * Links and pins are named after the cluster: under another name, those that are there would never go.
 * @throws {UsageError} when the folder holds another cluster
 */
export function rejectOtherCluster(record: ClusterRecord | undefined, settings: Settings): void {
  const name = record?.settings.clusterName;
  if (name === undefined || name === settings.clusterName) return;
  throw new UsageError(
    `${settings.dataDir} holds the cluster ${name}, not ${settings.clusterName}: ` +
      `say --cluster-name=${name}, or another --data-dir`,
  );
}

/** Processes that were started with these settings need no restart. */
export function isSameCluster(record: ClusterRecord | undefined, settings: Settings): boolean {
  return record !== undefined && asFlags(record.settings).join() === asFlags(settings).join();
}

export async function writeRecord(settings: Settings): Promise<void> {
  const text = JSON.stringify({ settings }, undefined, 2) + "\n";
  await writeWhole(fileOf(settings.dataDir), text, 0o600);
}
