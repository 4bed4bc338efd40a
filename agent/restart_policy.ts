import type { Pod } from "../api/types/core_v1.ts";
import { latestOf } from "./container_attempts.ts";
import { type ContainerRole, isSidecar } from "./container_roles.ts";
import type { RuntimeContainer } from "./runtime.ts";

/** Decided from the latest end, by the pod's restart policy and by what the container is in the pod. */
export function shouldRestart(
  { spec: { restartPolicy = "Always" } }: Pod,
  dead: Pick<RuntimeContainer, "exitCode" | "error">,
  role: ContainerRole = "app",
): boolean {
  if (role === "ephemeral") return false;
  if (role === "sidecar") return true;
  const hasFailed = dead.exitCode !== 0 || dead.error !== "";
  if (restartPolicy === "Never") return false;
  return hasFailed || (restartPolicy === "Always" && role === "app");
}

/** True once nothing of the pod will start again: what still runs beside it, its sidecars, may end. */
export function isComplete(pod: Pod, containers: readonly RuntimeContainer[]): boolean {
  const { initContainers = [], containers: apps } = pod.spec;
  const hasEnded = (name: string, isFailure: boolean) => {
    const latest = latestOf(containers, name);
    if (latest === undefined || latest.state === "running") return false;
    if (latest.state === "created" && latest.error === "") return false;
    if (isFailure) return latest.exitCode !== 0 && pod.spec.restartPolicy === "Never";
    return !shouldRestart(pod, latest, "app");
  };
  const init = initContainers.filter((one) => !isSidecar(one));
  return init.some(({ name }) => hasEnded(name, true)) ||
    (apps.length > 0 && apps.every(({ name }) => hasEnded(name, false)));
}
