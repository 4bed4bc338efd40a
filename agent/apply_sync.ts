import type { Pod } from "../api/types/core_v1.ts";
import { PodStart } from "./pod_start.ts";
import { SANDBOX } from "./runtime.ts";
import { removeOne, stopAll } from "./stop_containers.ts";
import type { SyncPlan } from "./sync.ts";
import type { Applied, Pass, SyncTools } from "./sync_tools.ts";

/** Carries the plan out. It decides nothing: what fails for now is in the answer, what is broken is thrown. */
export async function applySync(
  plan: SyncPlan,
  pod: Pod,
  tools: SyncTools,
  pass: Pass,
): Promise<Applied> {
  const removed = new Set(plan.remove);
  const ending = plan.stop.filter(({ why }) => why === "pod deleted");
  if (ending.length > 0) {
    const sandbox = ending.find(({ container }) => container.name === SANDBOX)?.container;
    await tools.drain.run(pod, sandbox?.pid ?? 0);
  }
  // its removal kills a sandbox at once, and it has nothing to finish
  const stops = plan.stop.filter(({ container: { id, name } }) =>
    name !== SANDBOX || !removed.has(id)
  );
  await stopAll(stops, pod, tools, pass);
  const release = plan.releases ? tools.network.detach(pod.metadata.uid ?? "") : undefined;
  await Promise.all([release, ...plan.remove.map((id) => removeOne(pod, id, tools))]);
  const { sandbox } = plan;
  if (sandbox === undefined || plan.start.length === 0) return { failures: new Map() };
  return await new PodStart({ ...plan, sandbox }, pod, tools, pass).run();
}
