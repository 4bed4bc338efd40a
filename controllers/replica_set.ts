import { REPLICA_SETS, type ReplicaSet } from "../api/types/apps_v1.ts";
import { selectorOf } from "../api/types/labels.ts";
import { SERVICES_FOLLOWED } from "./availability.ts";
import { type Controller, keyOf, NOTHING_TO_DO } from "./controller.ts";
import { planWithStatus } from "./replica_status.ts";
import { onPodsOf, type Replicas, reportOnPods } from "./replicas.ts";

/** Keeps `spec.replicas` pods alive for each ReplicaSet. */
export const replicaSetController: Controller<ReplicaSet> = {
  name: "replicaset-controller",
  reconciles: REPLICA_SETS,
  concurrency: 5,
  requeueOn: [
    SERVICES_FOLLOWED,
    onPodsOf("ReplicaSet", ({ metadata: { namespace, labels } }, cache) => {
      return cache.list(REPLICA_SETS, namespace)
        .filter(({ spec }) => selectorOf(spec.selector).matches(labels)).map(keyOf);
    }),
  ],
  plan(set, world) {
    if (set.metadata.deletionTimestamp !== undefined) return NOTHING_TO_DO;
    return planWithStatus(set, replicasOf(set), world);
  },
  reports: reportOnPods,
};

function replicasOf(owner: Readonly<ReplicaSet>): Replicas {
  const { selector, template, replicas = 1, minReadySeconds = 0 } = owner.spec;
  return { owner, selector: selectorOf(selector), template, wanted: replicas, minReadySeconds };
}
