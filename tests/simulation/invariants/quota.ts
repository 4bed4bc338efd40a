import type { ResourceQuota } from "../../../api/types/core_v1.ts";
import { PODS, RESOURCE_QUOTAS } from "../../../api/types/resources.ts";
import { isOver } from "../../../controllers/pods.ts";
import type { Invariant } from "./invariant.ts";

/** No pod is created where a quota that has been counted leaves no room. */
export function quotaHolds(): Invariant {
  return {
    onChange({ kind, before, after }, sight) {
      if (kind !== "Pod" || before !== undefined || after === undefined) return;
      const { namespace = "" } = after.metadata;
      const limits = sight.list(RESOURCE_QUOTAS, namespace).flatMap(limitOf);
      if (limits.length === 0) return;
      const count = sight.list(PODS, namespace)
        .filter((pod) => !isOver(pod)).length;
      const least = Math.min(...limits);
      if (count <= least) return;
      return `${count} pods are in ${namespace}, whose quota allows ${least}`;
    },
  };
}

function limitOf({ status }: Readonly<ResourceQuota>): number[] {
  const hard = status?.hard?.["pods"];
  return hard === undefined || status?.used?.["pods"] === undefined ? [] : [Number(hard)];
}

/** What a quota says of its use is true after each step. */
export function quotaIsTrue(): Invariant {
  return {
    onStep({ sight }) {
      for (const { metadata, status } of sight.list(RESOURCE_QUOTAS)) {
        const used = status?.used?.["pods"];
        if (used === undefined) continue;
        const count = sight.list(PODS, metadata.namespace).filter((pod) => !isOver(pod)).length;
        if (Number(used) === count) continue;
        const what = `${metadata.namespace}/${metadata.name} counts ${used} pods`;
        return Promise.resolve(`${what}, there are ${count}`);
      }
      return Promise.resolve(undefined);
    },
  };
}
