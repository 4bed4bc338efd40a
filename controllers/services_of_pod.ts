/** Which services a change of a pod concerns: what endpoints and endpoint slices are told by. */
import { isDeepStrictEqual } from "node:util";
import type { Pod } from "../api/types/core_v1.ts";
import { SERVICES } from "../api/types/resources.ts";
import type { Cache } from "../client/cache.ts";
import { selecting } from "../client/selecting.ts";
import { type Change, keyOf, type ObjectKey } from "./controller.ts";
import { haveSameLabels, isOver, isReady } from "./pods.ts";

/** Services that select the pod as it was or as it is, if anything changed that endpoints or slices show. */
export function servicesOf({ before, after }: Change<Pod>, cache: Cache): ObjectKey[] {
  if (before !== undefined && after !== undefined && looksTheSame(before, after)) return [];
  const pod = after ?? before;
  const services = cache.list(SERVICES, pod?.metadata.namespace);
  const isRelabelled = before !== undefined && after !== undefined &&
    !haveSameLabels(before, after);
  return [
    ...selecting(services, pod?.metadata.labels),
    ...(isRelabelled ? selecting(services, before.metadata.labels) : []),
  ].map(keyOf);
}

function looksTheSame(before: Readonly<Pod>, after: Readonly<Pod>): boolean {
  if (!before.status?.podIP && !after.status?.podIP) return true;
  const shown = (pod: Readonly<Pod>) => [
    pod.metadata.labels,
    pod.metadata.deletionTimestamp !== undefined,
    pod.spec.nodeName,
    pod.status?.podIP,
    isOver(pod),
    isReady(pod),
  ];
  return isDeepStrictEqual(shown(before), shown(after));
}
