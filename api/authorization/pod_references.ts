import type { Container, Pod, Volume } from "../types/core_v1.ts";

/** Names in the pod's namespace of what its node must be able to read. */
export interface PodReferences {
  readonly secrets: ReadonlySet<string>;
  readonly configMaps: ReadonlySet<string>;
  readonly persistentVolumeClaims: ReadonlySet<string>;
}

export function referencesOf({ metadata, spec }: Pod): PodReferences {
  const { volumes = [], initContainers = [], containers, imagePullSecrets = [] } = spec;
  const { ephemeralContainers = [] } = spec as { ephemeralContainers?: Container[] };
  const all = [...initContainers, ...containers, ...ephemeralContainers];
  return {
    secrets: named([
      ...imagePullSecrets.map(({ name }) => name),
      ...all.flatMap(secretsOfContainer),
      ...volumes.flatMap(secretsOfVolume),
    ]),
    configMaps: named([
      ...all.flatMap(configMapsOfContainer),
      ...volumes.flatMap(configMapsOfVolume),
    ]),
    persistentVolumeClaims: named(
      volumes.map(({ name, persistentVolumeClaim, ephemeral }) =>
        ephemeral === undefined ? persistentVolumeClaim?.claimName : `${metadata.name}-${name}`
      ),
    ),
  };
}

type Names = (string | undefined)[];

function named(names: Names): ReadonlySet<string> {
  return new Set(names.filter((name): name is string => name !== undefined && name !== ""));
}

function secretsOfContainer({ env = [], envFrom = [] }: Container): Names {
  return [
    ...env.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name),
    ...envFrom.map(({ secretRef }) => secretRef?.name),
  ];
}

function configMapsOfContainer({ env = [], envFrom = [] }: Container): Names {
  return [
    ...env.map(({ valueFrom }) => valueFrom?.configMapKeyRef?.name),
    ...envFrom.map(({ configMapRef }) => configMapRef?.name),
  ];
}

/** Drivers of volumes keep the credentials that they need in secrets of the pod's namespace. */
function secretsOfVolume(volume: Volume): Names {
  const { secret, projected, cephfs, rbd, flexVolume, csi, iscsi, azureFile, scaleIO, storageos } =
    volume;
  return [
    secret?.secretName,
    ...(projected?.sources ?? []).map((source) => source.secret?.name),
    ...[cephfs, rbd, flexVolume, iscsi, scaleIO, storageos].map((one) => one?.secretRef?.name),
    csi?.nodePublishSecretRef?.name,
    azureFile?.secretName,
  ];
}

function configMapsOfVolume({ configMap, projected }: Volume): Names {
  return [configMap?.name, ...(projected?.sources ?? []).map((source) => source.configMap?.name)];
}
