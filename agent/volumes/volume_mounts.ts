import type { Container, VolumeMount } from "../../api/types/core_v1.ts";
import { ConfigurationError, expand } from "../environment.ts";
import type { Mount } from "../runtime.ts";
import { safePath } from "./projected_files.ts";
import type { VolumePlan } from "./volume_plan.ts";

/** Where a container sees a volume, or a part of it. */
export interface VolumeMountPlan {
  readonly volumeName: string;
  readonly volumePath: string;
  /** Below the volume; empty for all of it. */
  readonly subPath: string;
  /** A sub-path that is not there yet becomes a folder. */
  readonly isMadeAsFolder: boolean;
  readonly containerPath: string;
  readonly isReadOnly: boolean;
  readonly propagation: Mount["propagation"];
}

const PROPAGATIONS: Readonly<Record<string, Mount["propagation"]>> = {
  HostToContainer: "rslave",
  Bidirectional: "rshared",
};

/** Where the container sees the pod's volumes. @throws {ConfigurationError} for one that the pod lacks */
export function mountsOf(
  { name: containerName, volumeMounts = [], volumeDevices = [] }: Container,
  volumes: ReadonlyMap<string, VolumePlan>,
  environment: ReadonlyMap<string, string>,
): VolumeMountPlan[] {
  const [device] = volumeDevices;
  if (device !== undefined) {
    const why = `volumeDevices are not supported: show volume "${device.name}" by volumeMounts`;
    throw new ConfigurationError(why);
  }
  return volumeMounts.map((mount) => {
    const volume = volumes.get(mount.name);
    if (volume === undefined) throw new ConfigurationError(unknown(mount.name, containerName));
    rejectRecursive(mount);
    return {
      volumeName: mount.name,
      volumePath: volume.path,
      subPath: subPathOf(mount, environment),
      isMadeAsFolder: volume.is !== "files",
      containerPath: mount.mountPath,
      isReadOnly: (mount.readOnly ?? false) || volume.isReadOnly,
      propagation: PROPAGATIONS[mount.mountPropagation ?? ""] ?? "private",
    };
  });
}

function unknown(volume: string, container: string): string {
  return `cannot find volume ${JSON.stringify(volume)} to mount into container ` +
    JSON.stringify(container);
}

/** Variables that are not there are a mistake here, unlike in commands. Text: kubelet, ExpandContainerVolumeMounts. */
function subPathOf(
  { subPath = "", subPathExpr }: VolumeMount,
  environment: ReadonlyMap<string, string>,
): string {
  const missing: string[] = [];
  const lookUp = (name: string) => {
    if (!environment.has(name)) missing.push(name);
    return environment.get(name);
  };
  const path = subPathExpr === undefined ? subPath : expand(subPathExpr, lookUp);
  if (missing.length > 0) {
    throw new ConfigurationError(
      `missing value for ${missing.map((name) => JSON.stringify(name)).join(", ")}`,
    );
  }
  return path === "" ? "" : safePath(path);
}

/** The engine leaves mounts below a read-only one writable. Texts: kubelet, resolveRecursiveReadOnly. */
function rejectRecursive(
  { name, readOnly, recursiveReadOnly = "Disabled", mountPropagation = "None" }: VolumeMount,
): void {
  if (recursiveReadOnly === "Disabled") return;
  const why = !readOnly
    ? "it is not read-only"
    : mountPropagation !== "None"
    ? `it is not compatible with propagation ${JSON.stringify(mountPropagation)}`
    : recursiveReadOnly === "Enabled"
    ? "it is not supported by the runtime"
    : undefined;
  if (why === undefined) return;
  throw new ConfigurationError(
    `volume ${JSON.stringify(name)} requested recursive read-only mode, but ${why}`,
  );
}
