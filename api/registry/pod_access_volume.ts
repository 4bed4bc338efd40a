import type { Container, Pod, PodSpec } from "../types/core_v1.ts";

/** Begins the name of the volume by which a pod finds a token of its account. */
export const ACCESS_PREFIX = "kube-api-access-";

/** The spec with the volume that admission gave the pod, and its mounts, where a manifest does not say them. */
export function keepAccess(spec: PodSpec, old: Pod["spec"]): PodSpec {
  const volume = old.volumes?.find(({ name }) => name.startsWith(ACCESS_PREFIX));
  if (volume === undefined) return spec;
  const { volumes = [] } = spec;
  const mounting = (containers: readonly Container[], before: readonly Container[] = []) =>
    containers.map((container) => keepMount(container, volume.name, before));
  return {
    ...spec,
    volumes: volumes.some(({ name }) => name === volume.name) ? volumes : [...volumes, volume],
    containers: mounting(spec.containers, old.containers),
    ...(spec.initContainers && {
      initContainers: mounting(spec.initContainers, old.initContainers),
    }),
  };
}

function keepMount(
  container: Container,
  volumeName: string,
  before: readonly Container[],
): Container {
  const old = before.find(({ name }) => name === container.name)?.volumeMounts ?? [];
  const mount = old.find(({ name }) => name === volumeName);
  const { volumeMounts = [] } = container;
  const hasIt = volumeMounts.some(({ mountPath }) => mountPath === mount?.mountPath);
  if (mount === undefined || hasIt) return container;
  return { ...container, volumeMounts: [...volumeMounts, mount] };
}
