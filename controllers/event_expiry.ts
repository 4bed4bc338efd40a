import type { Event, Namespace } from "../api/types/core_v1.ts";
import { EVENTS, NAMESPACES } from "../api/types/resources.ts";
import type { Controller } from "./controller.ts";

/** Source: kube-apiserver, --event-ttl. */
export const EVENT_MS = 3_600_000;
/** The oldest of a namespace go before their time where there are more: a pod's take more room than the pod. */
export const EVENTS_MAX = 10_000;
const SWEEP_MS = 60_000;

/** Deletes events an hour after they were last written. They are read now and then, and followed by nobody. */
export const eventExpiryController: Controller<Namespace> = {
  name: "event-expiry",
  reconciles: NAMESPACES,
  requeueOn: [],
  reads: ({ name: namespace }) => [{ resource: EVENTS, options: { namespace } }],
  plan(_namespace, { now, read }) {
    const writes = expiredOf(read(EVENTS), now).map((object) => ({
      verb: "delete" as const,
      object: { ...object, apiVersion: EVENTS.apiVersion, kind: EVENTS.kind },
    }));
    return { writes, againMs: SWEEP_MS };
  },
};

/** Those that are over, and the oldest of too many. */
export function expiredOf(
  events: readonly Readonly<Event>[],
  now: number,
): readonly Readonly<Event>[] {
  const fresh: { event: Readonly<Event>; at: number }[] = [];
  const over: Readonly<Event>[] = [];
  for (const event of events) {
    const at = writtenAt(event);
    if (at + EVENT_MS <= now) over.push(event);
    else fresh.push({ event, at });
  }
  if (fresh.length <= EVENTS_MAX) return over;
  fresh.sort((a, b) => a.at - b.at);
  return [...over, ...fresh.slice(0, fresh.length - EVENTS_MAX).map(({ event }) => event)];
}

/** By the server's clock, which nobody else's mistakes change. */
function writtenAt({ metadata: { creationTimestamp = "", managedFields = [] } }: Readonly<Event>) {
  const times = managedFields.map(({ time = "" }) => Date.parse(time) || 0);
  return Math.max(Date.parse(creationTimestamp) || 0, ...times);
}
