import type { Pod, ServiceAccountTokenProjection, Volume } from "../../api/types/core_v1.ts";

/** What one volume of a pod shows of the API, by names in the pod's namespace. */
export interface VolumeReferences {
  readonly configMaps: readonly string[];
  readonly secrets: readonly string[];
  readonly tokens: readonly ServiceAccountTokenProjection[];
}

export function volumeReferences({ configMap, secret, projected }: Volume): VolumeReferences {
  const parts = projected?.sources ?? [];
  return {
    configMaps: named([configMap?.name, ...parts.map((part) => part.configMap?.name)]),
    secrets: named([secret?.secretName, ...parts.map((part) => part.secret?.name)]),
    tokens: parts.flatMap(({ serviceAccountToken }) => serviceAccountToken ?? []),
  };
}

function named(names: readonly (string | undefined)[]): string[] {
  return [...new Set(names)].filter((name) => name !== undefined && name !== "") as string[];
}

/** The claim behind the volume. @returns undefined for another kind of volume */
export function claimNameOf(volume: Volume, { metadata }: Pod): string | undefined {
  if (volume.ephemeral !== undefined) return `${metadata.name}-${volume.name}`;
  return volume.persistentVolumeClaim?.claimName;
}

/** True for volumes whose files follow what they show for as long as the pod runs. */
export function showsFiles({ configMap, secret, downwardAPI, projected }: Volume): boolean {
  return [configMap, secret, downwardAPI, projected].some((source) => source !== undefined);
}

/** True for volumes that say something of the pod's own object, which may change. */
export function showsPod({ downwardAPI, projected }: Volume): boolean {
  const isShown = downwardAPI !== undefined;
  return isShown || (projected?.sources ?? []).some((part) => part.downwardAPI !== undefined);
}
