import { Scale, SCALES } from "../types/autoscaling_v1.ts";
import { ReplicationController } from "../types/core_v1.ts";
import type { KubeObject } from "../types/meta.ts";
import { REPLICATION_CONTROLLERS, type Resource } from "../types/resources.ts";
import { count, labelsText, wideText } from "./column_types.ts";
import { validateNonNegative } from "./field_rules.ts";
import type { ResourceKind } from "./kind.ts";
import { defaultPodSpec } from "./pod_defaults.ts";
import { statusView } from "./status_view.ts";
import {
  validateReplicationController,
  validateReplicationControllerStatus,
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
    wideText("Containers", "Names of the containers.", (rc) => {
      return containersOf(rc).map(({ name }) => name).join(",");
    }),
    wideText("Images", "Images of the containers.", (rc) => {
      return containersOf(rc).map(({ image }) => image ?? "").join(",");
    }),
    wideText("Selector", "Labels of its pods.", ({ spec }) => labelsText(spec.selector)),
  ],
  selectableFields: { "status.replicas": ({ status }) => String(status?.replicas ?? 0) },
  subresources: {
    status: statusView(
      REPLICATION_CONTROLLERS,
      ReplicationController,
      validateReplicationControllerStatus,
    ),
    scale: {
      does: "view",
      resource: SCALES as Resource<KubeObject>,
      schema: Scale,
      read: toScale,
      write: withReplicas,
      validate: ({ spec }) => validateNonNegative("spec.replicas", spec.replicas),
    },
  },
};

const containersOf = ({ spec }: RC) => spec.template?.spec.containers ?? [];

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
      template: { ...template, spec: defaultPodSpec(template.spec) },
    },
  };
}

function toScale({ metadata, spec, status }: RC): KubeObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  const known = Object.entries({ namespace, uid, resourceVersion, creationTimestamp });
  const scale: Scale = {
    apiVersion: SCALES.apiVersion,
    kind: SCALES.kind,
    metadata: { name, ...Object.fromEntries(known.filter(([, value]) => value !== undefined)) },
    spec: { replicas: spec.replicas ?? 0 },
    status: { replicas: status?.replicas ?? 0, selector: selectorText(spec.selector ?? {}) },
  };
  return scale;
}

function selectorText(selector: Readonly<Record<string, string>>): string {
  return Object.entries(selector).map(([key, value]) => `${key}=${value}`).sort().join(",");
}

function withReplicas(rc: RC, view: KubeObject): RC {
  return { ...rc, spec: { ...rc.spec, replicas: (view as Scale).spec.replicas ?? 0 } };
}
