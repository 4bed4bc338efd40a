import { ConfigurationError } from "../environment.ts";
import type { GroupOwnership, HostFiles } from "../host_files.ts";
import type { CloneGit } from "../host_git.ts";
import type { HostMounts } from "../host_mounts.ts";
import { HOST_PATH_KINDS } from "./host_path_kinds.ts";
import { type VolumePlan, VolumeRefusal } from "./volume_plan.ts";

/** Anyone in the pod may write to an emptyDir, as in Kubernetes. */
const EMPTY_DIR_MODE = 0o777;
/** The volume belongs to whichever user its pods run as. */
const LOCAL_VOLUME_MODE = 0o777;

export interface SetUpTools {
  readonly files: HostFiles;
  readonly mounts: HostMounts;
  readonly cloneGit: CloneGit;
}

/** Makes the volume on the node as planned; making it again changes nothing that is right already. */
export async function setUpVolume(plan: VolumePlan, tools: SetUpTools): Promise<void> {
  const { files, mounts } = tools;
  const { path } = plan;
  switch (plan.is) {
    case "folder":
      return await setUpFolder(files, path, plan.ownership);
    case "memory": {
      const size = plan.sizeBytes === 0 ? [] : [`size=${plan.sizeBytes}`];
      const options = [`mode=0${EMPTY_DIR_MODE.toString(8)}`, ...size];
      await mounts.mount({ type: "tmpfs", source: "tmpfs", target: path, options });
      return await setUpFolder(files, path, plan.ownership);
    }
    case "files":
      await files.makeFolder(path);
      return await files.writeTogether(path, plan.files, plan.group);
    case "host":
      return await checkHostPath(files, path, plan.type);
    case "local":
      return await setUpLocal(plan, files);
    case "mount":
      return await mounts.mount(plan.request);
    case "git":
      return await setUpGit(plan, tools);
  }
}

/** One that the group has already is left as the pod's containers made it: it may have been there before. */
async function setUpFolder(
  files: HostFiles,
  path: string,
  ownership: GroupOwnership | undefined,
): Promise<void> {
  if (await files.kindOf(path) === undefined || ownership === undefined) {
    await files.makeFolder(path, EMPTY_DIR_MODE);
  }
  if (ownership !== undefined) {
    await files.giveToGroup(path, { ...ownership, isRootEnough: true });
  }
}

/** Text: k8s.io/kubernetes, pkg/volume/local. */
async function setUpLocal(
  { path, isOurs, ownership }: Extract<VolumePlan, { is: "local" }>,
  files: HostFiles,
): Promise<void> {
  let there = await files.kindOf(path);
  if (there === undefined && isOurs) {
    await files.makeFolder(path, LOCAL_VOLUME_MODE);
    there = "folder";
  }
  if (there === undefined) {
    throw new ConfigurationError(`path ${JSON.stringify(path)} does not exist`);
  }
  if (there !== "folder") {
    throw new VolumeRefusal(`path ${JSON.stringify(path)} is not a directory`);
  }
  if (ownership !== undefined) await files.giveToGroup(path, ownership);
}

/** It is filled beside its place, so that half of it is never seen, not even after a crash. */
async function setUpGit(
  { path, source, ownership }: Extract<VolumePlan, { is: "git" }>,
  { files, cloneGit }: SetUpTools,
): Promise<void> {
  if (await files.kindOf(path) !== undefined) return;
  const staging = `${path}~`;
  await files.removeTree(staging);
  await files.makeFolder(staging, EMPTY_DIR_MODE);
  await cloneGit(source, staging);
  if (ownership !== undefined) await files.giveToGroup(staging, ownership);
  await files.move(staging, path);
}

/** Text: k8s.io/kubernetes, pkg/volume/hostpath. */
async function checkHostPath(files: HostFiles, path: string, type: string): Promise<void> {
  const wanted = HOST_PATH_KINDS[type];
  if (wanted === undefined) return;
  const there = await files.kindOf(path);
  if (there === wanted.kind) return;
  if (there === undefined && wanted.isMade) {
    if (wanted.kind === "folder") return await files.makeFolder(path);
    return await files.writeFile(path, { bytes: new Uint8Array(), mode: 0o644 });
  }
  throw new ConfigurationError(`hostPath type check failed: ${path} is not ${wanted.name}`);
}
