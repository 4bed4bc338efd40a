import type { Cluster } from "./cluster.ts";
import { docker, eventually } from "./pods.ts";

/** Docker's ids of the sandboxes that were made ahead and that no pod has, sorted. */
export async function idleIds({ settings }: Cluster): Promise<string[]> {
  const ofCluster = `label=dev.wherry.cluster=${settings.clusterName}`;
  const filters = [ofCluster, "name=^/?k8s_idle-"].flatMap((one) => ["--filter", one]);
  const ids = await docker("ps", "--no-trunc", "--format", "{{.ID}}", ...filters);
  return ids.split("\n").filter((id) => id !== "").sort();
}

export async function untilIdle(cluster: Cluster, count: number): Promise<void> {
  await eventually(async () => {
    const ids = await idleIds(cluster);
    return ids.length === count ? "" : `${ids.length} sandboxes are idle instead of ${count}`;
  });
}
