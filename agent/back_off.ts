import type { RuntimeContainer } from "./runtime.ts";

/** Delays between restarts of a container that ends again and again. Source: kubelet, MaxContainerBackOff. */
export const BACK_OFF_SECONDS_MIN = 10;
export const BACK_OFF_SECONDS_MAX = 300;
/** A container that ran this long begins anew. Source: client-go flowcontrol, twice the longest delay. */
const RESET_AFTER_SECONDS = 2 * BACK_OFF_SECONDS_MAX;

/** Seconds between the end of this container and its next start: none after the first end. */
export function delayAfter(dead: RuntimeContainer): number {
  const ranSeconds = (dead.finishedAt - dead.startedAt) / 1000;
  return ranSeconds >= RESET_AFTER_SECONDS && dead.startedAt > 0 ? 0 : dead.backOffSeconds;
}

/** What the attempt after `dead` must remember: the delay after its own end. */
export function delayOfNext(dead: RuntimeContainer): number {
  return doubled(delayAfter(dead));
}

/** The next longer delay, within the limits. */
export function doubled(seconds: number): number {
  return Math.min(Math.max(2 * seconds, BACK_OFF_SECONDS_MIN), BACK_OFF_SECONDS_MAX);
}

/** How Kubernetes prints a delay: `10s`, `1m20s`, `5m0s`. Source: Go, Duration.String. */
export function durationText(seconds: number): string {
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`;
}
