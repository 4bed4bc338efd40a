import type { Container, Pod, Volume, VolumeMount } from "../types/core_v1.ts";
import { ACCESS_PREFIX as PREFIX } from "../registry/pod_access_volume.ts";

/** Where client libraries look. Source: k8s.io/kubernetes, plugin serviceaccount. */
const PATH = "/var/run/secrets/kubernetes.io/serviceaccount";
/** An hour, and a few seconds by which such tokens can be told from those that were asked for. */
const TOKEN_SECONDS = 3607;
const MODE = 0o644;
/** The controller `root-ca-certificate-publisher` keeps it in every namespace. */
const ROOT_CA = "kube-root-ca.crt";

/** The pod with what its containers need to speak to the API, where something else is not in its place. */
export function withAccess(pod: Pod, newName: (prefix: string) => string): Pod {
  const { spec } = pod;
  const all = [...spec.containers, ...spec.initContainers ?? []];
  if (all.every(hasMount)) return pod;
  const there = spec.volumes?.find(({ name, projected }) =>
    projected !== undefined && name.startsWith(PREFIX)
  );
  const name = there?.name ?? newName(PREFIX);
  const mounting = (containers: Container[]) =>
    containers.map((container) => hasMount(container) ? container : withMount(container, name));
  return {
    ...pod,
    spec: {
      ...spec,
      // concat: a literal of two lists keeps room for more, in every pod that is stored
      volumes: (spec.volumes ?? []).concat(there === undefined ? [accessVolume(name)] : []),
      containers: mounting(spec.containers),
      ...(spec.initContainers && { initContainers: mounting(spec.initContainers) }),
    },
  };
}

function hasMount({ volumeMounts = [] }: Container): boolean {
  return volumeMounts.some(({ mountPath }) => mountPath === PATH);
}

function withMount(container: Container, name: string): Container {
  const mount: VolumeMount = { name, readOnly: true, mountPath: PATH };
  return { ...container, volumeMounts: (container.volumeMounts ?? []).concat(mount) };
}

/** One for all pods: it is the largest part of a small one. Nobody may change it, as nobody may change stored objects. */
const PROJECTED: NonNullable<Volume["projected"]> = frozen({
  defaultMode: MODE,
  sources: [
    { serviceAccountToken: { expirationSeconds: TOKEN_SECONDS, path: "token" } },
    { configMap: { name: ROOT_CA, items: [{ key: "ca.crt", path: "ca.crt" }] } },
    {
      downwardAPI: {
        items: [{
          path: "namespace",
          fieldRef: { apiVersion: "v1", fieldPath: "metadata.namespace" },
        }],
      },
    },
  ],
});

/** Objects only: the runtime writes lists that are frozen at half the speed, and all that is around them. */
function frozen<T extends object>(value: T): T {
  for (const part of Object.values(value)) if (typeof part === "object") frozen(part);
  return Array.isArray(value) ? value : Object.freeze(value);
}

function accessVolume(name: string): Volume {
  return { name, projected: PROJECTED };
}
