import type { Pod } from "../../api/types/core_v1.ts";

/** Source: Kubernetes, pkg/kubelet/types: where a pod comes from, and what its mirror in the API stands for. */
export const CONFIG_SOURCE = "kubernetes.io/config.source";
export const CONFIG_MIRROR = "kubernetes.io/config.mirror";
export const CONFIG_HASH = "kubernetes.io/config.hash";
export const CONFIG_SEEN = "kubernetes.io/config.seen";

/** From a file of this node, and not from the API. */
export function isStatic({ metadata: { annotations = {} } }: Readonly<Pod>): boolean {
  const source = annotations[CONFIG_SOURCE];
  return source !== undefined && source !== "api" && !isMirror({ metadata: { annotations } });
}

/** Stands in the API for a pod from a file, so that it is seen; nothing is run for it. */
export function isMirror({ metadata }: Pick<Readonly<Pod>, "metadata"> | {
  metadata: { annotations: Readonly<Record<string, string>> };
}): boolean {
  return metadata.annotations?.[CONFIG_MIRROR] !== undefined;
}
