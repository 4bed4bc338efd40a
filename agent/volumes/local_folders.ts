import type { Log } from "../../api/types/ambient.ts";
import type { PersistentVolume } from "../../api/types/core_v1.ts";
import { PERSISTENT_VOLUMES } from "../../api/types/resources.ts";
import { hasReason } from "../../api/types/status.ts";
import type { Api } from "../../client/api.ts";
import type { HostFiles } from "../host_files.ts";
import { LOCAL_PROVISIONER, PROVISIONED_BY } from "./claim_plan.ts";

export interface LocalFolderSources {
  readonly api: Api;
  readonly files: HostFiles;
  readonly dataDir: string;
  readonly log: Log;
}

/** As the provisioner names them. */
const VOLUME_NAME = /^pvc-[-0-9a-z]+$/;

/**
 * Takes away the folders of volumes that the API says are released and to be deleted. One that the API does not know
 * stays: it may have been put back to an older state, and data is not to be lost for that.
 */
export async function clearLocalFolders(sources: LocalFolderSources): Promise<void> {
  const { files, dataDir, log } = sources;
  const folder = `${dataDir}/volumes`;
  for (const name of (await files.list(folder)).filter((one) => VOLUME_NAME.test(one))) {
    const path = `${folder}/${name}`;
    try {
      if (await mayGo(name, path, sources)) await files.removeTree(path);
    } catch (error) {
      log("Cannot clear the folder of a volume", { path, error: String(error) });
    }
  }
}

async function mayGo(name: string, path: string, { api }: LocalFolderSources): Promise<boolean> {
  const volume = await api.get(PERSISTENT_VOLUMES, "", name).catch((error) => {
    if (hasReason(error, "NotFound")) return undefined;
    throw error;
  });
  return volume !== undefined && isReleased(volume) && volume.spec.local?.path === path;
}

function isReleased({ metadata, spec, status }: PersistentVolume): boolean {
  return metadata.annotations?.[PROVISIONED_BY] === LOCAL_PROVISIONER &&
    spec.persistentVolumeReclaimPolicy === "Delete" && status?.phase === "Released";
}
