import { Buffer } from "node:buffer";
import { join, normalize } from "node:path/posix";
import type {
  ConfigMap,
  Container,
  KeyToPath,
  Pod,
  Secret,
  Volume,
} from "../../api/types/core_v1.ts";
import { toBytes } from "../../api/types/quantity.ts";
import { ConfigurationError, expand } from "../environment.ts";
import type { FileContent, FileKind } from "../host_files.ts";
import { fieldValue, type PodFacts, resourceValue } from "../pod_fields.ts";
import type { Mount } from "../runtime.ts";

/** One volume of a pod: where it is on the node, and what makes it. */
export type VolumePlan =
  | { readonly is: "folder" | "memory"; readonly path: string; readonly sizeBytes: number }
  | { readonly is: "host"; readonly path: string; readonly type: string }
  | {
    readonly is: "files";
    readonly path: string;
    readonly isInMemory: boolean;
    readonly files: ReadonlyMap<string, FileContent>;
  };

export interface VolumeSources {
  readonly pod: Pod;
  /** Folder of the pod; everything in it goes with the pod. */
  readonly folder: string;
  readonly facts: PodFacts;
  readonly configMaps: ReadonlyMap<string, ConfigMap>;
  readonly secrets: ReadonlyMap<string, Secret>;
}

/** Names of the config maps and secrets that the pod's volumes show. */
export function volumeReferences(
  { spec: { volumes = [] } }: Pod,
): { configMaps: string[]; secrets: string[] } {
  const projected = volumes.flatMap(({ projected }) => projected?.sources ?? []);
  const configMaps = [...volumes, ...projected].map(({ configMap }) => configMap?.name);
  const secrets = [
    ...volumes.map(({ secret }) => secret?.secretName),
    ...projected.map(({ secret }) => secret?.name),
  ];
  const named = (names: (string | undefined)[]) => [...new Set(names.filter((name) => !!name))];
  return { configMaps: named(configMaps) as string[], secrets: named(secrets) as string[] };
}

/**
 * What must be on the node, by volume name.
 * @throws {ConfigurationError} for a missing reference that is not optional, or a kind of volume we lack
 */
export function planVolumes(sources: VolumeSources): Map<string, VolumePlan> {
  const volumes = sources.pod.spec.volumes ?? [];
  return new Map(volumes.map((volume) => [volume.name, planVolume(volume, sources)]));
}

function planVolume(volume: Volume, sources: VolumeSources): VolumePlan {
  const { emptyDir, hostPath, configMap, secret, downwardAPI, projected } = volume;
  const place = (plugin: string) =>
    join(sources.folder, "volumes", `kubernetes.io~${plugin}`, volume.name);
  if (emptyDir !== undefined) {
    const sizeBytes = toBytes(emptyDir.sizeLimit ?? "0");
    const is = emptyDir.medium === "Memory" ? "memory" : "folder";
    return { is, path: place("empty-dir"), sizeBytes };
  }
  if (hostPath !== undefined) {
    return { is: "host", path: hostPath.path, type: hostPath.type ?? "" };
  }
  const files = (plugin: string, content: Map<string, FileContent>): VolumePlan => {
    const isInMemory = plugin !== "configmap" && plugin !== "downward-api";
    return { is: "files", path: place(plugin), isInMemory, files: content };
  };
  if (configMap !== undefined) return files("configmap", configMapFiles(configMap, sources));
  if (secret !== undefined) {
    const source = { ...secret, name: secret.secretName ?? "" };
    return files("secret", secretFiles(source, sources));
  }
  if (downwardAPI !== undefined) return files("downward-api", downwardFiles(downwardAPI, sources));
  if (projected !== undefined) return files("projected", projectedFiles(projected, sources));
  const [kind = "nothing"] = Object.keys(volume).filter((name) => name !== "name");
  throw new ConfigurationError(
    `MountVolume.SetUp failed for volume "${volume.name}" : ${kind} volumes are not supported`,
  );
}

interface KeyedSource {
  readonly name?: string;
  readonly items?: readonly KeyToPath[];
  readonly defaultMode?: number;
  readonly optional?: boolean;
}

const MODE_DEFAULT = 0o644;

function configMapFiles(source: KeyedSource, { configMaps }: VolumeSources) {
  const { data = {}, binaryData = {} } = present(configMaps, "configmap", source) ?? {};
  const contents = new Map<string, Uint8Array>([
    ...Object.entries(data).map(([key, text]): [string, Uint8Array] => [key, Buffer.from(text)]),
    ...decoded(binaryData),
  ]);
  return chosen(contents, source, "configmap references non-existent config key");
}

function secretFiles(source: KeyedSource, { secrets }: VolumeSources) {
  const contents = new Map(decoded(present(secrets, "secret", source)?.data ?? {}));
  return chosen(contents, source, "references non-existent secret key");
}

function decoded(data: Readonly<Record<string, string>>): [string, Uint8Array][] {
  return Object.entries(data).map(([key, text]) => [key, Buffer.from(text, "base64")]);
}

function present<T>(
  objects: ReadonlyMap<string, T>,
  kind: "configmap" | "secret",
  { name = "", optional = false }: KeyedSource,
): T | undefined {
  const object = objects.get(name);
  if (object !== undefined || optional) return object;
  throw new ConfigurationError(`${kind} ${JSON.stringify(name)} not found`);
}

function chosen(
  contents: ReadonlyMap<string, Uint8Array>,
  { items, defaultMode = MODE_DEFAULT, optional = false }: KeyedSource,
  complaint: string,
): Map<string, FileContent> {
  const files = new Map<string, FileContent>();
  const wanted = items ?? [...contents.keys()].map((key): KeyToPath => ({ key, path: key }));
  for (const { key, path, mode = defaultMode } of wanted) {
    const bytes = contents.get(key);
    if (bytes !== undefined) files.set(safePath(path), { bytes, mode });
    else if (!optional) throw new ConfigurationError(`${complaint}: ${key}`);
  }
  return files;
}

interface DownwardSource {
  readonly defaultMode?: number;
  readonly items?: NonNullable<Volume["downwardAPI"]>["items"];
}

function downwardFiles(
  { items = [], defaultMode = MODE_DEFAULT }: DownwardSource,
  { pod, facts }: VolumeSources,
): Map<string, FileContent> {
  return new Map(items.map(({ path, mode = defaultMode, fieldRef, resourceFieldRef }) => {
    const container = pod.spec.containers.find(({ name }) =>
      name === resourceFieldRef?.containerName
    );
    const value = fieldRef !== undefined
      ? fieldValue(pod, facts, fieldRef.fieldPath)
      : container !== undefined && resourceFieldRef !== undefined
      ? resourceValue(container, facts, resourceFieldRef)
      : undefined;
    if (value === undefined) throw new ConfigurationError(`no such field for ${path}`);
    return [safePath(path), { bytes: Buffer.from(value), mode }];
  }));
}

function projectedFiles(
  { sources: parts = [], defaultMode = MODE_DEFAULT }: NonNullable<Volume["projected"]>,
  sources: VolumeSources,
): Map<string, FileContent> {
  const files = parts.flatMap(({ configMap, secret, downwardAPI }) => [
    ...configMap === undefined ? [] : configMapFiles({ ...configMap, defaultMode }, sources),
    ...secret === undefined ? [] : secretFiles({ ...secret, defaultMode }, sources),
    ...downwardAPI === undefined ? [] : downwardFiles({ ...downwardAPI, defaultMode }, sources),
  ]);
  return new Map(files);
}

/** @throws {ConfigurationError} for a path that would leave its volume */
function safePath(path: string): string {
  const clean = normalize(path);
  if (path.startsWith("/") || clean.split("/").includes("..") || clean.startsWith("..")) {
    throw new ConfigurationError(`invalid path ${JSON.stringify(path)}: must stay in its volume`);
  }
  return clean;
}

/** Where a container sees a volume, or a part of it. */
export interface VolumeMountPlan {
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
  { volumeMounts = [] }: Container,
  volumes: ReadonlyMap<string, VolumePlan>,
  environment: ReadonlyMap<string, string>,
): VolumeMountPlan[] {
  return volumeMounts.map((mount) => {
    const volume = volumes.get(mount.name);
    if (volume === undefined) throw new ConfigurationError(`volume "${mount.name}" not found`);
    const subPath = mount.subPathExpr === undefined
      ? mount.subPath ?? ""
      : expand(mount.subPathExpr, (name) => environment.get(name));
    return {
      volumePath: volume.path,
      subPath: subPath === "" ? "" : safePath(subPath),
      isMadeAsFolder: volume.is !== "files",
      containerPath: mount.mountPath,
      isReadOnly: (mount.readOnly ?? false) || volume.is === "files",
      propagation: PROPAGATIONS[mount.mountPropagation ?? ""] ?? "private",
    };
  });
}

/** What `hostPath.type` asks for. Source: kubelet, hostPathTypeChecker. */
export const HOST_PATH_KINDS: Readonly<
  Record<string, { kind: FileKind; isMade: boolean; name: string } | undefined>
> = {
  Directory: { kind: "folder", isMade: false, name: "a directory" },
  DirectoryOrCreate: { kind: "folder", isMade: true, name: "a directory" },
  File: { kind: "file", isMade: false, name: "a file" },
  FileOrCreate: { kind: "file", isMade: true, name: "a file" },
  Socket: { kind: "socket", isMade: false, name: "a socket" },
  CharDevice: { kind: "charDevice", isMade: false, name: "a character device" },
  BlockDevice: { kind: "blockDevice", isMade: false, name: "a block device" },
};
