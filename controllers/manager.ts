import type { KubeObject } from "../api/types/meta.ts";
import type { Resource } from "../api/types/resources.ts";
import { ownableResources } from "../client/writes.ts";
import type { ControllerOptions } from "./controller.ts";
import { endpointsController } from "./endpoints.ts";
import { GarbageCollector } from "./garbage_collector.ts";
import { namespaceController } from "./namespace.ts";
import {
  NODE_LIFECYCLE_DEFAULTS,
  nodeLifecycleController,
  type NodeLifecycleSettings,
} from "./node_lifecycle.ts";
import { podGarbageCollector } from "./pod_garbage_collector.ts";
import { replicationController } from "./replication.ts";
import { ControllerRuntime } from "./runtime.ts";
import { serviceAccountController } from "./service_account.ts";

export interface ManagerOptions extends ControllerOptions {
  /** Whatever is left out has its default. */
  settings?: Partial<NodeLifecycleSettings>;
  /** Every kind whose objects may own or be owned; those that components know where absent. */
  resources?: readonly Resource<KubeObject>[];
}

/** Runs every controller until the signal aborts. */
export function runControllers({ settings, resources, ...options }: ManagerOptions): Promise<void> {
  const nodeLifecycle = nodeLifecycleController({ ...NODE_LIFECYCLE_DEFAULTS, ...settings });
  const runs = [
    new ControllerRuntime(replicationController, options).run(),
    new ControllerRuntime(endpointsController, options).run(),
    new ControllerRuntime(nodeLifecycle, options).run(),
    new ControllerRuntime(podGarbageCollector, options).run(),
    new ControllerRuntime(namespaceController, options).run(),
    new ControllerRuntime(serviceAccountController, options).run(),
    new GarbageCollector({ ...options, resources: resources ?? ownableResources() }).run(),
  ];
  return Promise.all(runs).then(() => {});
}
