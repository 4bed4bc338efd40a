import type { KubeObject } from "../api/types/meta.ts";
import { CONFIG_MAPS, type Resource, SECRETS } from "../api/types/resources.ts";
import { ownableResources } from "../client/writes.ts";
import { certificateRequestCleaner } from "./certificate_signing.ts";
import { autoscalerController } from "./autoscaler/autoscaler.ts";
import { clusterRoleAggregationController } from "./cluster_role_aggregation.ts";
import type { ControllerOptions } from "./controller.ts";
import { cronJobController } from "./cron_job/cron_job.ts";
import { daemonSetController } from "./daemon_set/daemon_set.ts";
import { disruptionController } from "./disruption.ts";
import { drainBarrierController } from "./drain_barrier/drain_barrier.ts";
import { deploymentController } from "./deployment/deployment.ts";
import { endpointSliceController } from "./endpoint_slices/endpoint_slices.ts";
import { endpointSliceMirroringController } from "./endpoint_slices/mirroring.ts";
import { endpointsController } from "./endpoints.ts";
import { eventExpiryController } from "./event_expiry.ts";
import { GarbageCollector } from "./garbage_collector.ts";
import { jobController } from "./job/job.ts";
import { namespaceController } from "./namespace.ts";
import {
  NODE_LIFECYCLE_DEFAULTS,
  nodeLifecycleController,
  type NodeLifecycleSettings,
} from "./node_lifecycle.ts";
import { claimBinder, type LocalVolumes } from "./persistent_volume/claim_binder.ts";
import { ephemeralClaims } from "./persistent_volume/ephemeral_claims.ts";
import { volumeKeeper } from "./persistent_volume/volume_keeper.ts";
import { podGarbageCollector } from "./pod_garbage_collector.ts";
import { replicaSetController } from "./replica_set.ts";
import { resourceQuotaController } from "./resource_quota.ts";
import { replicationController } from "./replication.ts";
import { ROOT_CA, rootCaController } from "./root_ca.ts";
import { ControllerRuntime } from "./runtime.ts";
import { serviceAccountController } from "./service_account.ts";
import { statefulSetController } from "./stateful_set/stateful_set.ts";
import {
  serviceAccountTokenController,
  TOKEN_SECRET,
  type TokenSources,
} from "./service_account_token.ts";

export interface ManagerOptions extends ControllerOptions {
  /** Whatever is left out has its default. */
  settings?: Partial<NodeLifecycleSettings>;
  /** Every kind whose objects may own or be owned; those that components know where absent. */
  resources?: readonly Resource<KubeObject>[];
  /** What pods and secrets get to know of the API server; absent: nothing. */
  tokens?: TokenSources;
  /** Where volumes are made for claims that name no other maker; absent: nowhere. */
  localVolumes?: LocalVolumes;
}

/** Runs every controller until the signal aborts. */
export function runControllers(
  { settings, resources, tokens, localVolumes, ...options }: ManagerOptions,
): Promise<void> {
  const nodeLifecycle = nodeLifecycleController({ ...NODE_LIFECYCLE_DEFAULTS, ...settings });
  const every = resources ?? ownableResources();
  const runs = [
    new ControllerRuntime(replicationController, options).run(),
    new ControllerRuntime(replicaSetController, options).run(),
    new ControllerRuntime(deploymentController, options).run(),
    new ControllerRuntime(daemonSetController, options).run(),
    new ControllerRuntime(statefulSetController, options).run(),
    new ControllerRuntime(autoscalerController(), options).run(),
    new ControllerRuntime(jobController, options).run(),
    new ControllerRuntime(cronJobController, options).run(),
    new ControllerRuntime(endpointsController, options).run(),
    new ControllerRuntime(endpointSliceController, options).run(),
    new ControllerRuntime(endpointSliceMirroringController, options).run(),
    new ControllerRuntime(drainBarrierController, options).run(),
    new ControllerRuntime(certificateRequestCleaner, options).run(),
    new ControllerRuntime(disruptionController, options).run(),
    new ControllerRuntime(nodeLifecycle, options).run(),
    new ControllerRuntime(podGarbageCollector, options).run(),
    new ControllerRuntime(claimBinder(localVolumes), options).run(),
    new ControllerRuntime(volumeKeeper, options).run(),
    new ControllerRuntime(ephemeralClaims, options).run(),
    new ControllerRuntime(namespaceController(every), options).run(),
    new ControllerRuntime(serviceAccountController, options).run(),
    new ControllerRuntime(clusterRoleAggregationController, options).run(),
    ...(tokens === undefined ? [] : runTokens(tokens, options)),
    new ControllerRuntime(resourceQuotaController(every), options).run(),
    new ControllerRuntime(eventExpiryController, options).run(),
    new GarbageCollector({ ...options, resources: every }).run(),
  ];
  return Promise.all(runs).then(() => {});
}

/** Of config maps and secrets they follow their own alone. */
function runTokens(tokens: TokenSources, options: ControllerOptions): Promise<void>[] {
  options.cache.watch(CONFIG_MAPS, { fieldSelector: `metadata.name=${ROOT_CA}` });
  options.cache.watch(SECRETS, { fieldSelector: `type=${TOKEN_SECRET}` });
  return [
    new ControllerRuntime(rootCaController(tokens.caPem), options).run(),
    new ControllerRuntime(serviceAccountTokenController(tokens), options).run(),
  ];
}
