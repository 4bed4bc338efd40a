import type { Deployment } from "../../api/types/apps_v1.ts";
import { podsIn } from "../pod_amounts.ts";

/** How far a rollout may go from the wanted number of pods. */
export interface Fenceposts {
  readonly wanted: number;
  readonly maxSurge: number;
  readonly maxUnavailable: number;
}

/** Where both would be 0 nothing could ever move: then one pod may be missing. Source: Kubernetes, ResolveFenceposts. */
export function fencepostsOf({ spec }: Readonly<Deployment>): Fenceposts {
  const { replicas: wanted = 1, strategy = {} } = spec;
  if (strategy.type === "Recreate") return { wanted, maxSurge: 0, maxUnavailable: 0 };
  const { maxSurge = "25%", maxUnavailable = "25%" } = strategy.rollingUpdate ?? {};
  const surge = podsIn(maxSurge, wanted, "up");
  const missing = podsIn(maxUnavailable, wanted, "down");
  const least = surge === 0 && missing === 0 ? 1 : missing;
  return { wanted, maxSurge: surge, maxUnavailable: Math.min(least, wanted) };
}
