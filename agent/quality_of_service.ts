import type { Pod } from "../api/types/core_v1.ts";
import { compareQuantities } from "../api/types/quantity.ts";

export type QosClass = "Guaranteed" | "Burstable" | "BestEffort";

const COUNTED = ["cpu", "memory"] as const;

/**
 * Guaranteed when every container limits CPU and memory and requests as much, BestEffort when none asks for
 * anything. Source: k8s.io/kubernetes, qos.ComputePodQOS.
 */
export function qosClassOf({ spec }: Pod): QosClass {
  const containers = [...spec.containers, ...spec.initContainers ?? []];
  const resources = containers.map(({ resources = {} }) => resources);
  const isAsking = resources.some(({ limits = {}, requests = {} }) =>
    COUNTED.some((name) => isPositive(limits[name]) || isPositive(requests[name]))
  );
  if (!isAsking) return "BestEffort";
  const isGuaranteed = resources.every(({ limits = {}, requests = {} }) =>
    COUNTED.every((name) => {
      const limit = limits[name];
      return limit !== undefined && isPositive(limit) &&
        compareQuantities(requests[name] ?? limit, limit) === 0;
    })
  );
  return isGuaranteed ? "Guaranteed" : "Burstable";
}

function isPositive(quantity: string | undefined): boolean {
  return quantity !== undefined && compareQuantities(quantity, "0") > 0;
}
