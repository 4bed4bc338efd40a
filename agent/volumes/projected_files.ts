import { Buffer } from "node:buffer";
import { normalize } from "node:path/posix";
import type {
  ConfigMap,
  KeyToPath,
  Pod,
  Secret,
  Volume,
  VolumeProjection,
} from "../../api/types/core_v1.ts";
import { ConfigurationError } from "../environment.ts";
import type { FileContent } from "../host_files.ts";
import { fieldValue, type PodFacts, resourceValue } from "../pod_fields.ts";

/** What files of a volume are made from. A reference that was asked for and not found is absent. */
export interface FileSources {
  readonly pod: Pod;
  readonly facts: PodFacts;
  readonly configMaps: ReadonlyMap<string, ConfigMap>;
  readonly secrets: ReadonlyMap<string, Secret>;
  /** By the path of their file. */
  readonly tokens: ReadonlyMap<string, string>;
}

type Files = Map<string, FileContent>;

interface KeyedSource {
  readonly name?: string;
  readonly items?: readonly KeyToPath[];
  readonly defaultMode?: number;
  readonly optional?: boolean;
}

const MODE_DEFAULT = 0o644;
/** Of a token where somebody in particular is to read it. Source: kubelet, projected volumes. */
const TOKEN_MODE = 0o600;

/** @returns undefined for a volume that shows no files; throws ConfigurationError for a missing reference */
export function filesOf(volume: Volume, sources: FileSources): Files | undefined {
  const { configMap, secret, downwardAPI, projected } = volume;
  if (configMap !== undefined) return configMapFiles(configMap, sources);
  if (secret !== undefined) {
    return secretFiles({ ...secret, name: secret.secretName ?? "" }, sources);
  }
  if (downwardAPI !== undefined) return downwardFiles(downwardAPI, sources);
  if (projected === undefined) return undefined;
  const { sources: parts = [], defaultMode = MODE_DEFAULT } = projected;
  // of two files in one place the later is seen
  return new Map(parts.flatMap((part) => [...partFiles(part, defaultMode, sources)]));
}

function partFiles(part: VolumeProjection, defaultMode: number, sources: FileSources): Files {
  const { configMap, secret, downwardAPI, serviceAccountToken } = part;
  if (configMap !== undefined) return configMapFiles({ ...configMap, defaultMode }, sources);
  if (secret !== undefined) return secretFiles({ ...secret, defaultMode }, sources);
  if (downwardAPI !== undefined) return downwardFiles({ ...downwardAPI, defaultMode }, sources);
  if (serviceAccountToken !== undefined) {
    return tokenFiles(serviceAccountToken.path, defaultMode, sources);
  }
  const [kind = "nothing"] = Object.keys(part);
  throw new ConfigurationError(`projected sources of ${kind} are not supported`);
}

function configMapFiles(source: KeyedSource, { configMaps }: FileSources): Files {
  const { data = {}, binaryData = {} } = present(configMaps, "configmap", source) ?? {};
  const contents = new Map<string, Uint8Array>([
    ...Object.entries(data).map(([key, text]): [string, Uint8Array] => [key, Buffer.from(text)]),
    ...decoded(binaryData),
  ]);
  return chosen(contents, source, "configmap references non-existent config key");
}

function secretFiles(source: KeyedSource, { secrets }: FileSources): Files {
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
): Files {
  const files: Files = new Map();
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
  { pod, facts }: FileSources,
): Files {
  return new Map(items.map(({ path, mode = defaultMode, fieldRef, resourceFieldRef }) => {
    const container = [...pod.spec.containers, ...pod.spec.initContainers ?? []]
      .find(({ name }) => name === resourceFieldRef?.containerName);
    const value = fieldRef !== undefined
      ? fieldValue(pod, facts, fieldRef.fieldPath)
      : container !== undefined && resourceFieldRef !== undefined
      ? resourceValue(container, facts, resourceFieldRef)
      : undefined;
    if (value === undefined) throw new ConfigurationError(`no such field for ${path}`);
    return [safePath(path), { bytes: Buffer.from(value), mode }];
  }));
}

function tokenFiles(path: string, defaultMode: number, { pod, tokens }: FileSources): Files {
  const token = tokens.get(path);
  if (token === undefined) throw new ConfigurationError(`no token for ${path}`);
  const uid = commonUser(pod);
  const isForOne = uid !== undefined || pod.spec.securityContext?.fsGroup !== undefined;
  const content = {
    bytes: Buffer.from(token),
    mode: isForOne ? TOKEN_MODE : defaultMode,
    ...(uid !== undefined && { uid }),
  };
  return new Map([[safePath(path), content]]);
}

/** The user that all containers run as, where they say it and say the same. Source: util.FsUserFrom. */
function commonUser({ spec }: Pod): number | undefined {
  const users = [...spec.containers, ...spec.initContainers ?? []].map(({ securityContext }) =>
    securityContext?.runAsUser ?? spec.securityContext?.runAsUser
  );
  return users.every((user) => user === users[0]) ? users[0] : undefined;
}

/** @throws {ConfigurationError} for a path that would leave its volume */
export function safePath(path: string): string {
  const clean = normalize(path);
  if (path.startsWith("/") || clean.split("/").includes("..") || clean.startsWith("..")) {
    throw new ConfigurationError(`invalid path ${JSON.stringify(path)}: must stay in its volume`);
  }
  return clean;
}
