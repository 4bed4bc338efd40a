import { REPLICA_SETS, type ReplicaSet } from "../api/types/apps_v1.ts";
import { selectorOf } from "../api/types/labels.ts";
import { towardStatus } from "../client/writes.ts";
import { SERVICES_FOLLOWED } from "./availability.ts";
import { type Controller, keyOf, NOTHING_TO_DO } from "./controller.ts";
import { onPodsOf, planReplicas, type Replicas, reportOnPods } from "./replicas.ts";

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
  plan(set, { cache, now }) {
    if (set.metadata.deletionTimestamp !== undefined) return NOTHING_TO_DO;
    const { writes, counts, againMs } = planReplicas(replicasOf(set), cache, now);
    const { conditions } = set.status ?? {};
    const status = { ...(conditions === undefined ? {} : { conditions }), ...counts };
    return {
      writes: [...writes, ...towardStatus(set, status)],
      ...(againMs === undefined ? {} : { againMs }),
    };
  },
  reports: reportOnPods,
};

function replicasOf(owner: Readonly<ReplicaSet>): Replicas {
  const { selector, template, replicas = 1, minReadySeconds = 0 } = owner.spec;
  return { owner, selector: selectorOf(selector), template, wanted: replicas, minReadySeconds };
}
