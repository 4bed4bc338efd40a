import type { Pod } from "../../../api/types/core_v1.ts";
import type { Invariant } from "./invariant.ts";

/** A pod gets one node, once, and keeps it. */
export function boundOnce(): Invariant {
  return {
    onChange({ kind, before, after }) {
      if (kind !== "Pod" || before?.metadata.uid !== after?.metadata.uid) return;
      const had = (before as Pod | undefined)?.spec.nodeName;
      const has = (after as Pod | undefined)?.spec.nodeName;
      if (!had || had === has) return;
      return `pod ${after?.metadata.name} is bound twice: to ${had} and then to ${has}`;
    },
  };
}
