import type { Container, Pod } from "../types/core_v1.ts";
import { compareQuantities } from "../types/quantity.ts";

type QosClass = NonNullable<NonNullable<Pod["status"]>["qosClass"]>;

/** The resources that make the class. */
const COUNTED = ["cpu", "memory"] as const;

/**
 * How the node treats the pod when it runs short: who limits everything to what is asked for goes last, who
 * asks for nothing goes first.
 */
export function qosClassOf({ spec }: Pod): QosClass {
  const containers = [...spec.containers, ...spec.initContainers ?? []];
  if (containers.every(asksNothing)) return "BestEffort";
  return containers.every(asksItsLimits) ? "Guaranteed" : "Burstable";
}

function asksNothing({ resources = {} }: Container): boolean {
  return COUNTED.every((name) =>
    isNothing(resources.requests?.[name]) && isNothing(resources.limits?.[name])
  );
}

function asksItsLimits({ resources = {} }: Container): boolean {
  return COUNTED.every((name) => {
    const limit = resources.limits?.[name];
    if (limit === undefined || isNothing(limit)) return false;
    return compareQuantities(resources.requests?.[name] ?? limit, limit) === 0;
  });
}

const isNothing = (quantity: string | undefined) => quantity === undefined || quantity === "0";
