import type { PersistentVolume } from "../../../api/types/core_v1.ts";
import { PERSISTENT_VOLUMES } from "../../../api/types/resources.ts";
import type { Invariant } from "./invariant.ts";

/** A volume that belongs to a claim belongs to no other, and a claim has one volume. */
export function oneVolumeForOneClaim(): Invariant {
  return {
    onChange({ kind, before, after }, sight) {
      if (kind !== "PersistentVolume" || after === undefined) return;
      const had = holderOf(before);
      const has = holderOf(after);
      const { name } = after.metadata;
      if (had !== undefined && before?.metadata.uid === after.metadata.uid && had !== has) {
        return `volume ${name} belonged to claim ${had} and now to ${has}`;
      }
      const other = sight.list(PERSISTENT_VOLUMES)
        .find((one) => has !== undefined && holderOf(one) === has && one.metadata.name !== name);
      return other && `claim ${has} has the volumes ${name} and ${other.metadata.name}`;
    },
  };
}

function holderOf(object: unknown): string | undefined {
  return (object as PersistentVolume | undefined)?.spec.claimRef?.uid;
}
