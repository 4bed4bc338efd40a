import { DAEMON_SETS, DEPLOYMENTS, STATEFUL_SETS } from "../../../api/types/apps_v1.ts";
import { HORIZONTAL_POD_AUTOSCALERS } from "../../../api/types/autoscaling_v2.ts";
import { CRON_JOBS, JOBS } from "../../../api/types/batch_v1.ts";
import { POD_DISRUPTION_BUDGETS } from "../../../api/types/policy_v1.ts";
import {
  PODS,
  REPLICATION_CONTROLLERS,
  RESOURCE_QUOTAS,
  SERVICES,
} from "../../../api/types/resources.ts";
import { change, deletion, operationsOf, type Workload } from "./changes.ts";
import {
  bulkOf,
  controllerOf,
  cronJobOf,
  daemonSetOf,
  dataSetOf,
  deploymentOf,
  importantOf,
  jobOf,
  serviceOf,
  statefulSetOf,
} from "./objects.ts";
import type { Operation } from "./operation.ts";
import { autoscalerOf, budgetOf, quotaOf } from "./policies.ts";

const [RC, QUOTA, HPA] = [REPLICATION_CONTROLLERS, RESOURCE_QUOTAS, HORIZONTAL_POD_AUTOSCALERS];

// deno-fmt-ignore
// deno-lint-ignore no-explicit-any -- one table holds workloads of different objects
const WORKLOADS: readonly Workload<any>[] = [
  { prefix: "rc",     resource: RC,                     make: controllerOf,  most: 2, weight: 3,   replicas: [0, 5], isScaled: true },
  { prefix: "web",    resource: DEPLOYMENTS,            make: deploymentOf,  most: 2, weight: 3,   replicas: [0, 5], isScaled: true, isRolled: true },
  { prefix: "set",    resource: STATEFUL_SETS,          make: statefulSetOf, most: 1, weight: 2,   replicas: [1, 3], isScaled: true, isRolled: true },
  { prefix: "data",   resource: STATEFUL_SETS,          make: dataSetOf,     most: 1, weight: 1.5, replicas: [0, 2], isScaled: true, isRolled: true },
  { prefix: "every",  resource: DAEMON_SETS,            make: daemonSetOf,   most: 1, weight: 1.5, replicas: [0, 0], isRolled: true },
  { prefix: "job",    resource: JOBS,                   make: jobOf,         most: 1, weight: 1,   replicas: [1, 3] },
  { prefix: "tick",   resource: CRON_JOBS,              make: cronJobOf,     most: 1, weight: 1,   replicas: [0, 2] },
  { prefix: "front",  resource: SERVICES,               make: serviceOf,     most: 2, weight: 2,   replicas: [0, 0] },
  { prefix: "quota",  resource: QUOTA,                  make: quotaOf,       most: 1, weight: 0.7, replicas: [2, 8] },
  { prefix: "auto",   resource: HPA,                    make: autoscalerOf,  most: 1, weight: 1.5, replicas: [2, 5] },
  { prefix: "budget", resource: POD_DISRUPTION_BUDGETS, make: budgetOf,      most: 1, weight: 1,   replicas: [1, 3] },
  { prefix: "bulk",   resource: RC,                     make: bulkOf,        most: 1, weight: 1.5, replicas: [0, 5], isScaled: true },
  { prefix: "first",  resource: RC,                     make: importantOf,   most: 1, weight: 1,   replicas: [0, 2], isScaled: true },
];

/** What users do, in groups of which each life of a cluster has some. */
export const WORKLOAD_OPERATIONS: readonly (readonly Operation[])[] = [
  ...WORKLOADS.map(operationsOf),
  [{
    name: "delete a pod",
    weight: 1.5,
    do: (cluster, dice) => change(cluster, dice, { resource: PODS, prefix: "" }, deletion(PODS)),
  }],
  [{
    name: "take a pod from its owner",
    weight: 0.5,
    do: (cluster, dice) =>
      change(cluster, dice, { resource: PODS, prefix: "rc-" }, async ({ user }, { metadata }) => {
        const { namespace = "", name } = metadata;
        const labels = { app: "none", tier: "none" };
        await user.patch(PODS, { namespace, name }, "merge", { metadata: { labels } });
      }),
  }],
];
