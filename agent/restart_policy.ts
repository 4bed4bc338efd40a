import type { Pod } from "../api/types/core_v1.ts";
import type { RuntimeContainer } from "./runtime.ts";

/** Decided from the latest end, by the pod's restart policy. An init container that succeeded is done. */
export function shouldRestart(
  { spec: { restartPolicy = "Always" } }: Pod,
  dead: Pick<RuntimeContainer, "exitCode" | "error">,
  isInit = false,
): boolean {
  const hasFailed = dead.exitCode !== 0 || dead.error !== "";
  if (restartPolicy === "Never") return false;
  return hasFailed || (restartPolicy === "Always" && !isInit);
}
