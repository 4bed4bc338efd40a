import type { PersistentVolume, PersistentVolumeClaim } from "../../api/types/core_v1.ts";
import type { StorageClass } from "../../api/types/storage_v1.ts";
import { BOUND_BY_CONTROLLER, LOCAL_PROVISIONER, PROVISIONED_BY } from "./storage_annotations.ts";

/** A volume for this claim alone: a folder of the node, which its agent makes when a pod comes for it. */
export function localVolume(
  claim: Readonly<PersistentVolumeClaim>,
  storageClass: Readonly<StorageClass>,
  { nodeName, folder }: { nodeName: string; folder: string },
): PersistentVolume {
  const { namespace, name: claimName, uid = "", resourceVersion } = claim.metadata;
  const name = `pvc-${uid}`;
  const hostname = { key: "metadata.name", operator: "In" as const, values: [nodeName] };
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: {
      name,
      annotations: { [PROVISIONED_BY]: LOCAL_PROVISIONER, [BOUND_BY_CONTROLLER]: "yes" },
    },
    spec: {
      capacity: { storage: claim.spec.resources?.requests?.["storage"] ?? "0" },
      accessModes: claim.spec.accessModes ?? [],
      volumeMode: "Filesystem",
      storageClassName: storageClass.metadata.name,
      persistentVolumeReclaimPolicy: storageClass.reclaimPolicy ?? "Delete",
      local: { path: `${folder}/${name}` },
      nodeAffinity: { required: { nodeSelectorTerms: [{ matchFields: [hostname] }] } },
      claimRef: {
        ...{ apiVersion: "v1", kind: "PersistentVolumeClaim", name: claimName, uid },
        ...(namespace === undefined ? {} : { namespace }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      },
    },
  };
}
