import { toBytes, toMilli } from "../api/types/quantity.ts";
import type { Observations, Signal } from "./eviction/signals.ts";
import { type Threshold, valueOf } from "./eviction/thresholds.ts";
import type { Reserved } from "./node_object.ts";

/**
 * What pods may not have: what is set aside for the node's own processes, and what hard thresholds of eviction
 * keep free. Source: kubelet, node allocatable.
 */
export function reservedOf(
  amounts: readonly Readonly<Record<string, string>>[],
  thresholds: readonly Threshold[],
  observations: Observations,
): Reserved {
  const sum = (name: string, read: (text: string) => number) =>
    amounts.reduce((total, one) => total + read(one[name] ?? "0"), 0);
  return {
    milliCpu: sum("cpu", toMilli),
    memoryBytes: sum("memory", toBytes) + kept("memory.available", thresholds, observations),
    storageBytes: sum("ephemeral-storage", toBytes) +
      kept("nodefs.available", thresholds, observations),
  };
}

function kept(signal: Signal, thresholds: readonly Threshold[], observations: Observations) {
  const hard = thresholds.find((one) => one.signal === signal && one.graceMs === 0);
  const capacity = observations.get(signal)?.capacity ?? 0;
  return hard === undefined ? 0 : valueOf(hard.amount, capacity);
}
