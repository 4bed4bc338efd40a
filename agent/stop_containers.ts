import type { Pod } from "../api/types/core_v1.ts";
import { type RuntimeContainer, SANDBOX } from "./runtime.ts";
import type { Stop } from "./sync.ts";
import type { SyncTools } from "./sync_tools.ts";

export const GRACE_SECONDS_DEFAULT = 30;
/** A pod that the API has forgotten already is not waited for. */
export const FORGOTTEN_GRACE_SECONDS = 2;

export async function stopOne(
  { container, why }: Stop,
  pod: Pod,
  removed: ReadonlySet<string>,
  { runtime, observed, record }: SyncTools,
): Promise<void> {
  const { id, name } = container;
  // its removal kills it at once, and it has nothing to finish
  if (name === SANDBOX && removed.has(id)) return;
  if (name !== SANDBOX) record(pod, "Normal", "Killing", killingText(name, why));
  const after = await runtime.stop(id, graceOf(pod, container));
  if (after === undefined) observed.forget(container.pod.uid, id);
  else observed.see(after);
}

function killingText(name: string, why: Stop["why"]): string {
  if (why === "spec changed") return `Container ${name} definition changed, will be restarted`;
  if (why === "unhealthy") return `Container ${name} failed liveness probe, will be restarted`;
  return `Stopping container ${name}`;
}

/** The user's own choice at deletion goes before the pod's. */
export function graceOf({ metadata, spec }: Pod, { graceSeconds }: RuntimeContainer): number {
  if (metadata.deletionGracePeriodSeconds !== undefined) return metadata.deletionGracePeriodSeconds;
  return spec.terminationGracePeriodSeconds ?? graceSeconds ?? GRACE_SECONDS_DEFAULT;
}

export async function removeOne(
  pod: Pod,
  id: string,
  { runtime, observed }: SyncTools,
): Promise<void> {
  await runtime.remove(id);
  observed.forget(pod.metadata.uid ?? "", id);
}
