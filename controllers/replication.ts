import type { ReplicationController } from "../api/types/core_v1.ts";
import { selectorOfMap } from "../api/types/labels.ts";
import { REPLICATION_CONTROLLERS } from "../api/types/resources.ts";
import { selecting } from "../client/selecting.ts";
import { SERVICES_FOLLOWED } from "./availability.ts";
import { type Controller, keyOf, NOTHING_TO_DO } from "./controller.ts";
import { planWithStatus } from "./replica_status.ts";
import { onPodsOf, type Replicas, reportOnPods } from "./replicas.ts";

/** Keeps `spec.replicas` pods alive for each ReplicationController. */
export const replicationController: Controller<ReplicationController> = {
  name: "replication-controller",
  reconciles: REPLICATION_CONTROLLERS,
  concurrency: 5,
  requeueOn: [
    SERVICES_FOLLOWED,
    onPodsOf("ReplicationController", ({ metadata: { namespace, labels } }, cache) => {
      return selecting(cache.list(REPLICATION_CONTROLLERS, namespace), labels).map(keyOf);
    }),
  ],
  plan(controller, world) {
    if (controller.metadata.deletionTimestamp !== undefined) return NOTHING_TO_DO;
    return planWithStatus(controller, replicasOf(controller), world);
  },
  reports: reportOnPods,
};

function replicasOf(owner: Readonly<ReplicationController>): Replicas {
  const { selector = {}, template, replicas = 1, minReadySeconds = 0 } = owner.spec;
  return { owner, selector: selectorOfMap(selector), template, wanted: replicas, minReadySeconds };
}
