/** What services, nodes and autoscalers tell each other so that pods that nobody needs go, and come back when asked for. */
import type { KubeObject } from "./meta.ts";

/** On a service: its pods may go once nobody has connected for so long, such as 10m. */
export const SLEEP_ANNOTATION = "wherry.dev/scale-to-zero-after";
/** On a node's lease: `namespace/name` of services without pods that somebody on the node asks for, by commas. */
export const WANTED_ANNOTATION = "wherry.dev/wanted";
/** On a node's lease: how many connections each service that may sleep has had on the node, as JSON by `namespace/name`. */
export const USED_ANNOTATION = "wherry.dev/used";
/** Shorter than that, and pods would come and go with every pause of their clients. */
const SLEEP_MS_MIN = 1_000;

const UNIT_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000 };

/** @returns milliseconds; undefined where the service may not sleep, or says what nobody understands */
export function sleepsAfterMs({ metadata }: Readonly<KubeObject>): number | undefined {
  return durationOf(metadata.annotations?.[SLEEP_ANNOTATION] ?? "");
}

export function maySleep(service: Readonly<KubeObject>): boolean {
  return sleepsAfterMs(service) !== undefined;
}

/** Whole hours, minutes and seconds, as 1h30m. */
export function durationOf(text: string): number | undefined {
  const parts = [...text.matchAll(/(\d+)([hms])/g)];
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) return undefined;
  const ms = parts.reduce((sum, [, count, unit]) => sum + Number(count) * UNIT_MS[unit!]!, 0);
  return ms >= SLEEP_MS_MIN ? ms : undefined;
}
