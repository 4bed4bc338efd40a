import type { SimulatedNode } from "../nodes.ts";
import type { Invariant } from "./invariant.ts";

/** After the lease: what pods of the simulation tolerate at the most, and a second for the last renewal on its way. */
const FENCED_AFTER_MS = 5_000 + 1_000;

/** Owned pods whose name says which one of a set it is. */
const ORDINAL = /^(set|data)-\d+-\d+$/;

/** Pods that tolerate for ever that nobody hears of their node. */
const STAYS = /^every-/;

/** A node that is cut off runs nothing once others may. */
export function fencedNodesAreEmpty(): Invariant {
  return {
    async onStep({ nodes, now }) {
      for (const node of nodes) {
        if (!isFenced(node, now)) continue;
        const first = (await node.running()).find(({ podName }) => !STAYS.test(podName));
        if (first === undefined) continue;
        const seconds = (now - node.cutAt!) / 1000;
        return `${node.name} is cut off for ${seconds} s and runs ${first.podName} still`;
      }
    },
  };
}

function isFenced(node: SimulatedNode, now: number): boolean {
  const { cutAt, leaseMsMost } = node;
  return !node.isUnguarded && cutAt !== undefined && now - cutAt > leaseMsMost + FENCED_AFTER_MS;
}

/** No two pods with one ordinal of a StatefulSet run at one time, on whichever nodes. */
export function ordinalsRunOnce(): Invariant {
  return {
    async onStep({ nodes }) {
      const places = new Map<string, { uid: string; node: string }>();
      for (const node of nodes) {
        if (node.isUnguarded) continue;
        for (const { namespace, podName, podUid: uid } of await node.running()) {
          if (!ORDINAL.test(podName)) continue;
          const name = `${namespace}/${podName}`;
          const other = places.get(name);
          if (other !== undefined && other.uid !== uid) {
            return `${name} runs twice: on ${other.node} and ${node.name}`;
          }
          places.set(name, { uid, node: node.name });
        }
      }
    },
  };
}
