import type { PersistentVolumeClaim, Pod, Volume } from "../../api/types/core_v1.ts";
import { PERSISTENT_VOLUME_CLAIMS, PODS } from "../../api/types/resources.ts";
import type { Write } from "../../client/cache.ts";
import { type Controller, NOTHING_TO_DO, onChangeOf } from "../controller.ts";

/** Makes the claims that pods have templates of; each belongs to its pod and goes with it. */
export const ephemeralClaims: Controller<Pod> = {
  name: "ephemeral-volume-controller",
  reconciles: PODS,
  requeueOn: [
    onChangeOf(PERSISTENT_VOLUME_CLAIMS, ({ before, after }) => {
      if (after !== undefined) return [];
      const { namespace = "", ownerReferences = [] } = before?.metadata ?? {};
      return ownerReferences.filter(({ kind }) => kind === "Pod")
        .map(({ name }) => ({ namespace, name }));
    }),
  ],
  plan(pod, { cache }) {
    const { volumes } = pod.spec;
    if (volumes === undefined || pod.metadata.deletionTimestamp !== undefined) return NOTHING_TO_DO;
    const missing = volumes.filter(({ name, ephemeral }) =>
      ephemeral?.volumeClaimTemplate !== undefined &&
      cache.get(PERSISTENT_VOLUME_CLAIMS, pod.metadata.namespace ?? "", nameOf(pod, name)) ===
        undefined
    );
    return {
      writes: missing.map((volume): Write => ({ verb: "create", object: claimFor(pod, volume) })),
    };
  },
};

const nameOf = ({ metadata }: Readonly<Pod>, volume: string) => `${metadata.name}-${volume}`;

function claimFor(pod: Readonly<Pod>, { name, ephemeral }: Volume): PersistentVolumeClaim {
  const { metadata, spec } = ephemeral?.volumeClaimTemplate ?? {};
  const { namespace, name: podName, uid = "" } = pod.metadata;
  const { labels, annotations } = metadata ?? {};
  return {
    apiVersion: "v1",
    kind: "PersistentVolumeClaim",
    metadata: {
      name: nameOf(pod, name),
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ownerReferences: [{
        ...{ apiVersion: "v1", kind: "Pod", name: podName, uid },
        ...{ controller: true, blockOwnerDeletion: true },
      }],
    },
    spec: spec ?? {},
  };
}
