import type { Pod } from "../api/types/core_v1.ts";
import { containerNamed } from "./container_roles.ts";
import { runHook } from "./lifecycle_hooks.ts";
import { type RuntimeContainer, SANDBOX } from "./runtime.ts";
import type { Stop } from "./sync.ts";
import type { Pass, SyncTools } from "./sync_tools.ts";

export const GRACE_SECONDS_DEFAULT = 30;
/** A pod that the API has forgotten already is not waited for. */
export const FORGOTTEN_GRACE_SECONDS = 2;
/** What a container gets though its hook, or those before it, used all the time. Source: kubelet. */
const GRACE_SECONDS_LEAST = 2;

/** Stops them in their order, within one grace period for all. */
export async function stopAll(
  stops: readonly Stop[],
  pod: Pod,
  tools: SyncTools,
  pass: Pass,
): Promise<void> {
  const began = tools.clock.now();
  const orders = [...new Set(stops.map(({ order }) => order))].sort((a, b) => a - b);
  for (const order of orders) {
    const usedSeconds = (tools.clock.now() - began) / 1000;
    const group = stops.filter((stop) => stop.order === order);
    await Promise.all(group.map((stop) => stopOne(stop, usedSeconds, pod, tools, pass)));
  }
}

async function stopOne(
  stop: Stop,
  usedSeconds: number,
  pod: Pod,
  tools: SyncTools,
  { stopping }: Pass,
): Promise<void> {
  const { runtime, observed, record } = tools;
  const { container } = stop;
  const { id, name } = container;
  if (name !== SANDBOX) record(pod, "Normal", "Killing", killingText(stop));
  const graceSeconds = left(graceOf(pod, stop), usedSeconds);
  const progress = { graceSeconds, hurry: new AbortController() };
  stopping.set(id, progress);
  try {
    const tookSeconds = await preStop(container, pod, tools, progress);
    // it may have been given less time meanwhile
    const after = await runtime.stop(id, left(progress.graceSeconds, tookSeconds));
    if (after === undefined) observed.forget(container.pod.uid, id);
    else observed.see(after);
  } finally {
    stopping.delete(id);
  }
}

const left = (graceSeconds: number, usedSeconds: number) =>
  graceSeconds === 0 || usedSeconds === 0
    ? graceSeconds
    : Math.max(Math.min(GRACE_SECONDS_LEAST, graceSeconds), Math.ceil(graceSeconds - usedSeconds));

/** Runs the container's hook within its grace period. @returns the seconds that it took */
async function preStop(
  container: RuntimeContainer,
  pod: Pod,
  tools: SyncTools,
  { graceSeconds, hurry }: { graceSeconds: number; hurry: AbortController },
): Promise<number> {
  const spec = containerNamed(pod, container.name)?.container;
  const handler = spec?.lifecycle?.preStop;
  if (spec === undefined || handler === undefined || graceSeconds === 0) return 0;
  const { clock, record, log } = tools;
  const began = clock.now();
  const ip = pod.spec.hostNetwork ? tools.nodeAddress : pod.status?.podIP ?? "";
  const limits = { timeoutMs: graceSeconds * 1000, signal: hurry.signal };
  const failure = await runHook(handler, { containerId: container.id, spec, ip }, tools, limits);
  if (failure !== undefined) {
    log("A hook before the stop has failed", { pod: pod.metadata.name, failure });
    record(pod, "Warning", "FailedPreStopHook", "PreStopHook failed");
  }
  return (clock.now() - began) / 1000;
}

function killingText({ container: { name }, why, probe }: Stop): string {
  if (why === "spec changed") return `Container ${name} definition changed, will be restarted`;
  if (why === "unhealthy") return `Container ${name} failed ${probe} probe, will be restarted`;
  return `Stopping container ${name}`;
}

/** The user's own choice at deletion goes before the pod's, and a probe's own before that of its pod. */
export function graceOf(pod: Pod, { container, why, probe }: Stop): number {
  const { metadata, spec } = pod;
  if (metadata.deletionGracePeriodSeconds !== undefined) return metadata.deletionGracePeriodSeconds;
  const own = why === "unhealthy" && probe !== undefined
    ? containerNamed(pod, container.name)?.container[`${probe}Probe`]?.terminationGracePeriodSeconds
    : undefined;
  return own ?? spec.terminationGracePeriodSeconds ?? container.graceSeconds ??
    GRACE_SECONDS_DEFAULT;
}

export async function removeOne(
  pod: Pod,
  id: string,
  { runtime, observed, pool }: SyncTools,
): Promise<void> {
  const { uid = "" } = pod.metadata;
  const standIn = observed.of(uid).find((one) => one.id === id)?.standIn;
  await runtime.remove(id);
  observed.forget(uid, id);
  if (standIn !== undefined) pool?.release(standIn);
}
