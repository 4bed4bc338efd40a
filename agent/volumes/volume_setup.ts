import { ConfigurationError } from "../environment.ts";
import type { HostFiles } from "../host_files.ts";
import { HOST_PATH_KINDS, type VolumePlan } from "./volume_plan.ts";

/** Anyone in the pod may write to an emptyDir, as in Kubernetes. */
const EMPTY_DIR_MODE = 0o777;

/** Makes volumes on the node as planned; making them again changes nothing that is right already. */
export async function setUpVolumes(
  files: HostFiles,
  volumes: ReadonlyMap<string, VolumePlan>,
): Promise<void> {
  await Promise.all([...volumes].map(([name, volume]) => setUp(files, name, volume)));
}

async function setUp(files: HostFiles, name: string, volume: VolumePlan): Promise<void> {
  switch (volume.is) {
    case "folder":
      return await files.makeFolder(volume.path, EMPTY_DIR_MODE);
    case "memory":
      await files.mountMemory(volume.path, volume.sizeBytes);
      return await files.makeFolder(volume.path, EMPTY_DIR_MODE);
    case "files":
      if (volume.isInMemory) await files.mountMemory(volume.path, 0);
      else await files.makeFolder(volume.path);
      return await files.writeTogether(volume.path, volume.files);
    case "host":
      return await checkHostPath(files, name, volume);
  }
}

async function checkHostPath(
  files: HostFiles,
  name: string,
  { path, type }: Extract<VolumePlan, { is: "host" }>,
): Promise<void> {
  const wanted = HOST_PATH_KINDS[type];
  if (wanted === undefined) return;
  const there = await files.kindOf(path);
  if (there === wanted.kind) return;
  if (there === undefined && wanted.isMade) {
    if (wanted.kind === "folder") return await files.makeFolder(path);
    return await files.writeFile(path, { bytes: new Uint8Array(), mode: 0o644 });
  }
  throw new ConfigurationError(
    `MountVolume.SetUp failed for volume "${name}" : hostPath type check failed: ` +
      `${path} is not ${wanted.name}`,
  );
}
