import type { KubeObject } from "../../../api/types/meta.ts";
import { RESOURCE_QUOTAS } from "../../../api/types/resources.ts";
import { PODS } from "../../../api/types/resources.ts";
import { isOver } from "../../../controllers/pods.ts";
import type { Sight } from "../sight.ts";

export const uidOf = ({ metadata }: Readonly<KubeObject>) => metadata.uid ?? "";

export function nameOf({ kind, metadata }: Readonly<KubeObject>): string {
  return `${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
}

/** Where a quota is full, fewer pods than wanted are right. */
export function isAtLimit(sight: Sight, namespace: string): boolean {
  const limits = sight.list(RESOURCE_QUOTAS, namespace)
    .map(({ spec }) => Number(spec?.hard?.["pods"] ?? Infinity));
  return sight.list(PODS, namespace).filter((pod) => !isOver(pod)).length >= Math.min(...limits);
}
