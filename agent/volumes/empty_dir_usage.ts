import type { Pod } from "../../api/types/core_v1.ts";
import { toBytes } from "../../api/types/quantity.ts";
import type { HostFiles } from "../host_files.ts";
import { emptyDirPath } from "./plan_volume.ts";
import { podFolder } from "./pod_folders.ts";

/** An emptyDir on disk that holds more than its limit. */
export interface EmptyDirExcess {
  readonly volumeName: string;
  readonly usedBytes: number;
  /** Why the pod is to be evicted. Source: kubelet, emptyDirMessageFmt. */
  readonly message: string;
}

/** Those in memory can't: the kernel holds them. */
export async function emptyDirsOverLimit(
  { metadata: { uid = "" }, spec: { volumes = [] } }: Pod,
  { files, dataDir }: { readonly files: HostFiles; readonly dataDir: string },
): Promise<EmptyDirExcess[]> {
  const limited = volumes.filter(({ emptyDir }) =>
    emptyDir?.sizeLimit !== undefined && emptyDir.medium !== "Memory"
  );
  const measured = await Promise.all(limited.map(async ({ name, emptyDir }) => {
    const path = emptyDirPath(podFolder(dataDir, uid), name);
    const usedBytes = await files.kindOf(path) === undefined ? 0 : await files.usedBytes(path);
    const limit = emptyDir?.sizeLimit ?? "0";
    const message = `Usage of EmptyDir volume ${JSON.stringify(name)} exceeds the limit ` +
      `${JSON.stringify(limit)}. `;
    return { volumeName: name, usedBytes, message, limitBytes: toBytes(limit) };
  }));
  return measured.filter(({ usedBytes, limitBytes }) => limitBytes > 0 && usedBytes > limitBytes)
    .map(({ volumeName, usedBytes, message }) => ({ volumeName, usedBytes, message }));
}
