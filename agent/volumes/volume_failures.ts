import type { Pod } from "../../api/types/core_v1.ts";
import { VolumeRefusal } from "./volume_plan.ts";

/** Source: k8s.io/kubernetes, goroutinemap/exponentialbackoff. */
const RETRY_FIRST_MS = 500;
const RETRY_MAX_MS = 122_000;
/** Nobody tells the agent of claims that have been bound. */
const CLAIM_RETRY_MAX_MS = 10_000;

/** @param failures in a row before this one */
export function retryDelayMs(failures: number, { spec: { volumes = [] } }: Pod): number {
  const isClaim = volumes.some((one) => one.persistentVolumeClaim ?? one.ephemeral);
  const maxMs = isClaim ? CLAIM_RETRY_MAX_MS : RETRY_MAX_MS;
  return Math.min(RETRY_FIRST_MS * 2 ** Math.min(failures, 16), maxMs);
}

/** What `kubectl describe` shows. */
export function textOfFailure(volumeName: string, error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof VolumeRefusal) return text;
  return `MountVolume.SetUp failed for volume ${JSON.stringify(volumeName)} : ${text}`;
}
