import type { ConfigMap, Secret } from "../api/types/core_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import { CONFIG_MAPS, type Resource, SECRETS } from "../api/types/resources.ts";
import { hasReason } from "../api/types/status.ts";
import type { Api } from "../client/api.ts";

export interface References {
  readonly configMaps: readonly string[];
  readonly secrets: readonly string[];
}

export interface Referenced {
  readonly configMaps: ReadonlyMap<string, ConfigMap>;
  readonly secrets: ReadonlyMap<string, Secret>;
}

/** Reads what pods refer to from the API when it is needed: no node holds what none of its pods names. */
export async function readReferences(
  api: Api,
  namespace: string,
  { configMaps, secrets }: References,
): Promise<Referenced> {
  const [foundMaps, foundSecrets] = await Promise.all([
    readAll(api, CONFIG_MAPS, namespace, configMaps),
    readAll(api, SECRETS, namespace, secrets),
  ]);
  return { configMaps: foundMaps, secrets: foundSecrets };
}

async function readAll<T extends KubeObject>(
  api: Api,
  resource: Resource<T>,
  namespace: string,
  names: readonly string[],
): Promise<Map<string, T>> {
  const found = new Map<string, T>();
  await Promise.all(names.map(async (name) => {
    try {
      found.set(name, await api.get(resource, namespace, name));
    } catch (error) {
      if (!hasReason(error, "NotFound")) throw error;
    }
  }));
  return found;
}
