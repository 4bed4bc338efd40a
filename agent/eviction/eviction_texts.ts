import type { Pod } from "../../api/types/core_v1.ts";
import { formatQuantity } from "../../api/types/quantity.ts";
import { type PodUse, requestedBy } from "./rank.ts";
import { MEANING, type Observation, type Starved } from "./signals.ts";
import { type Threshold, valueOf } from "./thresholds.ts";

/** In the kubelet's words, with the blank that ends each sentence. Source: kubelet, eviction/helpers.go. */

export const EVICTED = "Evicted";

/** Why a pod was evicted for the node's sake. */
export function nodeLowText(
  pod: Readonly<Pod>,
  use: PodUse,
  threshold: Threshold,
  { available, capacity }: Observation,
): string {
  const { starved } = MEANING[threshold.signal];
  const quantity = threshold.amount.is === "quantity"
    ? threshold.amount.text
    : amountText(valueOf(threshold.amount, capacity), starved);
  const sentences = [
    `The node was low on resource: ${starved}. `,
    `Threshold quantity: ${quantity}, available: ${amountText(available, starved)}. `,
    ...pod.spec.containers.flatMap((container) => {
      const used = use.containers.get(container.name);
      const name = starved === "memory" ? "memory" : "ephemeral-storage";
      const bytes = starved === "memory" ? used?.memoryBytes : used?.diskBytes;
      if (bytes === undefined || starved === "pids" || starved === "inodes") return [];
      const request = requestedBy(container, name);
      if (bytes <= request) return [];
      const [was, is] = [amountText(bytes, starved), amountText(request, starved)];
      return [
        `Container ${container.name} was using ${was}, request is ${is}, ` +
        `has larger consumption of ${name}. `,
      ];
    }),
  ];
  return sentences.join("");
}

function amountText(amount: number, starved: Starved): string {
  if (starved === "pids" || starved === "inodes") return String(Math.max(0, Math.floor(amount)));
  const kibibytes = Math.max(0, Math.floor(amount / 1024));
  return kibibytes === 0
    ? "0"
    : formatQuantity({ nano: BigInt(kibibytes) * 1024n * 1_000_000_000n, format: "binary" });
}

export function emptyDirText(volume: string, limit: string): string {
  return `Usage of EmptyDir volume ${JSON.stringify(volume)} exceeds the limit ${
    JSON.stringify(limit)
  }. `;
}

export function containerStorageText(container: string, limit: string): string {
  return `Container ${container} exceeded its local ephemeral storage limit ${
    JSON.stringify(limit)
  }. `;
}

export function podStorageText(limit: string): string {
  return `Pod ephemeral local storage usage exceeds the total limit of containers ${limit}. `;
}

/** Why a pod is not let in. */
export function refusedText(pressures: readonly string[]): string {
  return `The node had condition: [${pressures.join(" ")}]. `;
}
