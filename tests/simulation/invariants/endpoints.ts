import type { Endpoints, Pod } from "../../../api/types/core_v1.ts";
import type { EndpointSlice } from "../../../api/types/discovery_v1.ts";
import { ENDPOINT_SLICES } from "../../../api/types/discovery_v1.ts";
import type { KubeObject } from "../../../api/types/meta.ts";
import { ENDPOINTS } from "../../../api/types/resources.ts";
import { isReady } from "../../../controllers/pods.ts";
import type { Invariant } from "./invariant.ts";

/** A pod that is ready no more may be named for so long while all is well with the controllers. */
const STALE_MS = 60_000;
/** Between looks at all of them. */
const LOOK_MS = 10_000;

/** Endpoints and slices call nobody ready who is not, for longer than the news needs. */
export function onlyReadyEndpoints(): Invariant {
  const unreadySince = new Map<string, number>();
  let lookedAt = 0;
  return {
    onChange({ kind, before, after }, _sight, now) {
      if (kind !== "Pod") return;
      const pod = after as Pod | undefined;
      const { uid = "" } = (after ?? before)!.metadata;
      if (pod !== undefined && isReady(pod)) unreadySince.delete(uid);
      else if (!unreadySince.has(uid)) unreadySince.set(uid, now);
    },
    onStep({ now, sight, troubledAt }) {
      if (now - lookedAt < LOOK_MS) return Promise.resolve(undefined);
      lookedAt = now;
      for (const object of [...sight.list(ENDPOINTS), ...sight.list(ENDPOINT_SLICES)]) {
        for (const uid of readyUidsOf(object)) {
          const since = Math.max(unreadySince.get(uid) ?? Infinity, troubledAt);
          if (now - since <= STALE_MS) continue;
          const what = `${object.kind} ${object.metadata.name} names pod ${uid}`;
          const seconds = (now - unreadySince.get(uid)!) / 1000;
          return Promise.resolve(`${what}, which is not ready for ${seconds} s`);
        }
      }
      return Promise.resolve(undefined);
    },
  };
}

/** Of the pods that get connections by it. */
export function readyUidsOf(object: Readonly<KubeObject>): string[] {
  if (object.kind === "EndpointSlice") {
    return (object as EndpointSlice).endpoints
      .filter(({ conditions }) => conditions?.ready !== false)
      .flatMap(({ targetRef }) => targetRef?.uid ?? []);
  }
  return ((object as Endpoints).subsets ?? []).flatMap(({ addresses = [] }) =>
    addresses.flatMap(({ targetRef }) => targetRef?.uid ?? [])
  );
}
