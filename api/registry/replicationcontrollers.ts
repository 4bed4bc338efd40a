import { ReplicationController } from "../types/core_v1.ts";
import { selectorOfMap } from "../types/labels.ts";
import { REPLICATION_CONTROLLERS } from "../types/resources.ts";
import { count, labelsText, wideText } from "./column_types.ts";
import type { ResourceKind } from "./kind.ts";
import { defaultPodTemplate, templateColumns } from "./pod_templates.ts";
import { scaleView } from "./scale_view.ts";
import { statusView } from "./status_view.ts";
import {
  validateReplicaCounts,
  validateReplicationController,
} from "./validate_replication_controller.ts";

type RC = ReplicationController;

export const replicationControllers: ResourceKind<RC> = {
  resource: REPLICATION_CONTROLLERS,
  schema: ReplicationController,
  singular: "replicationcontroller",
  shortNames: ["rc"],
  categories: ["all"],
  hasStatus: true,
  hasGeneration: true,
  dependents: "orphan",
  default: defaultReplicationController,
  prepareForCreate: (rc) => ({ ...rc, status: { replicas: 0 } }),
  validate: validateReplicationController,
  columns: [
    count("Desired", "Pods wanted.", ({ spec }) => spec.replicas ?? 1),
    count("Current", "Pods there are.", ({ status }) => status?.replicas ?? 0),
    count("Ready", "Pods that are ready.", ({ status }) => status?.readyReplicas ?? 0),
    ...templateColumns<RC>(({ spec }) => spec.template),
    wideText("Selector", "Labels of its pods.", ({ spec }) => labelsText(spec.selector)),
  ],
  selectableFields: { "status.replicas": ({ status }) => String(status?.replicas ?? 0) },
  subresources: {
    status: statusView(
      REPLICATION_CONTROLLERS,
      ReplicationController,
      validateReplicaCounts,
    ),
    scale: scaleView(({ spec }) => selectorOfMap(spec.selector ?? {}).toString()),
  },
};

/** Labels of the template select the pods and label the controller, where neither is said. */
function defaultReplicationController(rc: RC): RC {
  const { template } = rc.spec;
  if (template === undefined) return rc;
  const labels = template.metadata.labels ?? {};
  const has = (map: Readonly<Record<string, string>> | undefined) =>
    Object.keys(map ?? {}).length > 0;
  return {
    ...rc,
    metadata: has(labels) && !has(rc.metadata.labels) ? { ...rc.metadata, labels } : rc.metadata,
    spec: {
      ...rc.spec,
      ...(has(labels) && !has(rc.spec.selector) ? { selector: labels } : {}),
      template: defaultPodTemplate(template),
    },
  };
}
