import { join } from "node:path/posix";
import type { Container, Pod } from "../api/types/core_v1.ts";
import { ConfigurationError } from "./environment.ts";
import type { HostFiles } from "./host_files.ts";
import type { ContainerSecurity, Runtime } from "./runtime.ts";

export interface SecurityTools {
  readonly runtime: Pick<Runtime, "imageUser">;
  readonly files: Pick<HostFiles, "readText" | "kindOf">;
  readonly dataDir: string;
}

/**
 * What a container may do: its own `securityContext` before the pod's. The image is asked for its user only
 * where the answer counts.
 * @throws {ConfigurationError} in the kubelet's words
 * @throws {RuntimeError} NoSuchImage: pull it first
 */
export async function containerSecurity(
  pod: Pod,
  container: Container,
  { runtime, files, dataDir }: SecurityTools,
): Promise<ContainerSecurity> {
  const imageUser = needsImageUser(pod, container)
    ? await runtime.imageUser(container.image ?? "")
    : "";
  const refusal = rootRefusalOf(pod, container, imageUser);
  if (refusal !== undefined) throw new ConfigurationError(refusal);
  const profile = localProfileOf(pod, container);
  const seccompText = profile === undefined
    ? undefined
    : await readProfile(files, join(dataDir, SECCOMP_FOLDER, profile), profile);
  return securityOf(pod, container, { imageUser, seccompText });
}

/** Below the data folder: where `seccompProfile.localhostProfile` is looked for. */
const SECCOMP_FOLDER = "seccomp";

async function readProfile(
  files: SecurityTools["files"],
  path: string,
  profile: string,
): Promise<string> {
  if (await files.kindOf(path) !== "file") {
    throw new ConfigurationError(`cannot load seccomp profile "${profile}": no file ${path}`);
  }
  const text = await files.readText(path);
  try {
    JSON.parse(text);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(`cannot load seccomp profile "${profile}": ${why}`);
  }
  return text;
}

function localProfileOf(pod: Pod, { securityContext: own = {} }: Container): string | undefined {
  const profile = own.seccompProfile ?? pod.spec.securityContext?.seccompProfile;
  if (own.privileged || profile?.type !== "Localhost") return undefined;
  return profile.localhostProfile ?? "";
}

/** The image's user counts where the pod gives a group alone, or wants to know that nobody runs as root. */
function needsImageUser(pod: Pod, { securityContext: own = {} }: Container): boolean {
  const ofPod = pod.spec.securityContext ?? {};
  const uid = own.runAsUser ?? ofPod.runAsUser;
  const gid = own.runAsGroup ?? ofPod.runAsGroup;
  const isNonRoot = own.runAsNonRoot ?? ofPod.runAsNonRoot ?? false;
  return uid === undefined && (isNonRoot || gid !== undefined);
}

/** Source: kubelet, verifyRunAsNonRoot. @param imageUser `user`, `user:group`, or "" for root */
export function rootRefusalOf(
  pod: Pod,
  { name, securityContext: own = {} }: Container,
  imageUser: string,
): string | undefined {
  const ofPod = pod.spec.securityContext ?? {};
  if (!(own.runAsNonRoot ?? ofPod.runAsNonRoot ?? false)) return undefined;
  const { metadata } = pod;
  const place = `(pod: "${metadata.name}_${metadata.namespace}(${metadata.uid})", ` +
    `container: ${name})`;
  const uid = own.runAsUser ?? ofPod.runAsUser;
  if (uid === 0) return `container's runAsUser breaks non-root policy ${place}`;
  if (uid !== undefined) return undefined;
  const [user = ""] = imageUser.split(":");
  if (user === "" || Number(user) === 0) {
    return `container has runAsNonRoot and image will run as root ${place}`;
  }
  if (/^\d+$/.test(user)) return undefined;
  return `container has runAsNonRoot and image has non-numeric user (${user}), ` +
    `cannot verify user is non-root ${place}`;
}

function securityOf(
  pod: Pod,
  { securityContext: own = {} }: Container,
  read: { imageUser: string; seccompText: string | undefined },
): ContainerSecurity {
  const ofPod = pod.spec.securityContext ?? {};
  const user = userOf(pod, own, read.imageUser);
  const groups = [
    ...ofPod.supplementalGroups ?? [],
    ...ofPod.fsGroup === undefined ? [] : [ofPod.fsGroup],
  ];
  const seccomp = (own.seccompProfile ?? ofPod.seccompProfile)?.type === "Unconfined"
    ? "unconfined"
    : read.seccompText;
  const appArmor = own.appArmorProfile ?? ofPod.appArmorProfile;
  return {
    isPrivileged: own.privileged ?? false,
    isRootReadOnly: own.readOnlyRootFilesystem ?? false,
    ...(user === undefined ? {} : { user }),
    groups: [...new Set(groups.map(String))],
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
    mayGainPrivileges: own.allowPrivilegeEscalation ?? true,
    ...(seccomp === undefined ? {} : { seccomp }),
    ...(appArmor?.type === "Unconfined" ? { appArmor: "unconfined" } : {}),
    ...(appArmor?.type === "Localhost" ? { appArmor: appArmor.localhostProfile ?? "" } : {}),
    isProcUnmasked: own.procMount === "Unmasked",
  };
}

function userOf(
  { spec: { securityContext: ofPod = {} } }: Pod,
  own: NonNullable<Container["securityContext"]>,
  imageUser: string,
): string | undefined {
  const uid = own.runAsUser ?? ofPod.runAsUser;
  const gid = own.runAsGroup ?? ofPod.runAsGroup;
  if (gid === undefined) return uid === undefined ? undefined : `${uid}`;
  return `${uid ?? (imageUser.split(":")[0] || 0)}:${gid}`;
}
