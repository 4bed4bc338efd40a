import type { ConfigMap, Pod, Secret, Volume } from "../../api/types/core_v1.ts";
import type { KubeObject } from "../../api/types/meta.ts";
import { CONFIG_MAPS, type Resource, SECRETS } from "../../api/types/resources.ts";
import type { FollowedObjects, SeenObject } from "./followed_objects.ts";
import type { PodTokens } from "./pod_tokens.ts";
import type { FileSources } from "./projected_files.ts";
import { volumeReferences } from "./volume_references.ts";

/** All that the files of a volume are made from, besides the pod itself. What was read is added to `seen`. */
export async function readSources(
  volume: Volume,
  pod: Pod,
  { objects, tokens, seen }: {
    readonly objects: Pick<FollowedObjects, "read">;
    readonly tokens: Pick<PodTokens, "of">;
    readonly seen: SeenObject[];
  },
): Promise<Pick<FileSources, "configMaps" | "secrets" | "tokens">> {
  const { namespace = "" } = pod.metadata;
  const wanted = volumeReferences(volume);
  const readAll = async <T extends KubeObject>(resource: Resource<T>, names: readonly string[]) => {
    const reads = names.map((name) =>
      objects.read(resource as Resource<KubeObject>, namespace, name)
    );
    const found = await Promise.all(reads);
    seen.push(...found);
    return new Map(
      found.flatMap(({ name, object }): [string, T][] =>
        object === undefined ? [] : [[name, object as T]]
      ),
    );
  };
  const readTokens = wanted.tokens.map(async (wish): Promise<[string, string]> => [
    wish.path,
    await tokens.of(pod, wish),
  ]);
  const [configMaps, secrets, texts] = await Promise.all([
    readAll<ConfigMap>(CONFIG_MAPS, wanted.configMaps),
    readAll<Secret>(SECRETS, wanted.secrets),
    Promise.all(readTokens),
  ]);
  return { configMaps, secrets, tokens: new Map(texts) };
}
