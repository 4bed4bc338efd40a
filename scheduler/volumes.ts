import type { PersistentVolume, PersistentVolumeClaim, Pod } from "../api/types/core_v1.ts";
import type { StorageClass } from "../api/types/storage_v1.ts";

/** What is known of the volumes that pods claim. */
export class Volumes {
  readonly claims = new Map<string, Readonly<PersistentVolumeClaim>>();
  readonly volumes = new Map<string, Readonly<PersistentVolume>>();
  readonly classes = new Map<string, Readonly<StorageClass>>();

  claimNamed(namespace: string, name: string): Readonly<PersistentVolumeClaim> | undefined {
    return this.claims.get(`${namespace}/${name}`);
  }

  setClaim(claim: Readonly<PersistentVolumeClaim>): void {
    this.claims.set(`${claim.metadata.namespace ?? ""}/${claim.metadata.name}`, claim);
  }
}

/** Names of the pod's claims; an ephemeral volume's claim is named after pod and volume. */
export function claimNamesOf({ metadata, spec }: Readonly<Pod>): string[] {
  return (spec.volumes ?? []).flatMap(({ name, persistentVolumeClaim, ephemeral }) => {
    if (persistentVolumeClaim !== undefined) return [persistentVolumeClaim.claimName];
    return ephemeral === undefined ? [] : [`${metadata.name}-${name}`];
  });
}
