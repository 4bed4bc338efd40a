import type { Pod } from "../../api/types/core_v1.ts";
import { qosClassOf } from "../quality_of_service.ts";
import type { PodFailure } from "../status_sources.ts";
import { EVICTED, refusedText } from "./eviction_texts.ts";
import { isCritical } from "./rank.ts";
import type { Pressure } from "./signals.ts";

const MEMORY_TAINT = "node.kubernetes.io/memory-pressure";

/** Under pressure a node takes only pods that don't make it worse. Source: kubelet, eviction manager, Admit. */
export function pressureRefusal(
  pod: Readonly<Pod>,
  pressures: readonly Pressure[],
): PodFailure | undefined {
  if (pressures.length === 0 || isCritical(pod)) return undefined;
  const isMemoryAlone = pressures.every((one) => one === "MemoryPressure");
  if (isMemoryAlone && (qosClassOf(pod) !== "BestEffort" || toleratesMemory(pod))) return undefined;
  return { reason: EVICTED, message: refusedText(pressures) };
}

function toleratesMemory({ spec }: Readonly<Pod>): boolean {
  return (spec.tolerations ?? []).some(({ key = "", operator, effect }) =>
    (effect === undefined || effect === "NoSchedule") &&
    (key === MEMORY_TAINT || (key === "" && operator === "Exists"))
  );
}
