import { Scale, SCALES } from "../types/autoscaling_v1.ts";
import { ReplicationController } from "../types/core_v1.ts";
import { forbidden, invalid, notSupported, required } from "../types/field_errors.ts";
import { matchesLabels } from "../types/labels.ts";
import type { KubeObject } from "../types/meta.ts";
import { REPLICATION_CONTROLLERS, type Resource } from "../types/resources.ts";
import type { FieldError } from "../types/status.ts";
import { count, labelsText, wideText } from "./column_types.ts";
import { validateAnnotationKeys, validateLabels, validateNonNegative } from "./field_rules.ts";
import type { ResourceKind } from "./kind.ts";
import { defaultPodSpec } from "./pod_defaults.ts";
import { statusView } from "./status_view.ts";
import { validatePodSpec } from "./validate_pod_spec.ts";

type RC = ReplicationController;

export const replicationControllers: ResourceKind<RC> = {
  resource: REPLICATION_CONTROLLERS,
  schema: ReplicationController,
  singular: "replicationcontroller",
  shortNames: ["rc"],
  categories: ["all"],
  hasStatus: true,
  hasGeneration: true,
  default: defaultReplicationController,
  prepareForCreate: (rc) => ({ ...rc, status: { replicas: 0 } }),
  validate,
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
    status: statusView(REPLICATION_CONTROLLERS, ReplicationController, validateStatus),
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

function validate({ spec }: RC): FieldError[] {
  const { replicas, minReadySeconds, selector = {}, template } = spec;
  const errors = [
    ...validateNonNegative("spec.replicas", replicas),
    ...validateNonNegative("spec.minReadySeconds", minReadySeconds),
  ];
  if (Object.keys(selector).length === 0) errors.push(required("spec.selector"));
  errors.push(...validateLabels("spec.selector", selector));
  if (template === undefined) return errors;
  const at = "spec.template";
  const { labels, annotations } = template.metadata;
  if (!matchesLabels(selector, labels)) {
    const why = "`selector` does not match template `labels`";
    errors.push(invalid(`${at}.metadata.labels`, labels ?? {}, why));
  }
  errors.push(...validateLabels(`${at}.metadata.labels`, labels));
  errors.push(...validateAnnotationKeys(`${at}.metadata.annotations`, annotations));
  errors.push(...validatePodSpec(`${at}.spec`, template.spec));
  return [...errors, ...validateReplicated(`${at}.spec`, template.spec, replicas ?? 1)];
}

/** Pods that a controller replaces never end by themselves, and share no disk that only one may write. */
function validateReplicated(at: string, spec: RC["spec"]["template"]["spec"], replicas: number) {
  const { restartPolicy = "Always", volumes = [], activeDeadlineSeconds, ephemeralContainers } =
    spec;
  const errors: FieldError[] = [];
  if (restartPolicy !== "Always") {
    errors.push(notSupported(`${at}.restartPolicy`, restartPolicy, ["Always"]));
  }
  if (activeDeadlineSeconds !== undefined) {
    const why = "activeDeadlineSeconds in ReplicationController is not Supported";
    errors.push(forbidden(`${at}.activeDeadlineSeconds`, why));
  }
  if (ephemeralContainers?.length) {
    const why = "ephemeral containers not allowed in pod template";
    errors.push(forbidden(`${at}.ephemeralContainers`, why));
  }
  volumes.forEach(({ gcePersistentDisk }, i) => {
    if (replicas <= 1 || gcePersistentDisk === undefined || gcePersistentDisk.readOnly) return;
    const why =
      "must be true for replicated pods > 1; GCE PD can only be mounted on multiple machines " +
      "if it is read-only";
    errors.push(invalid(`${at}.volumes[${i}].gcePersistentDisk.readOnly`, false, why));
  });
  return errors;
}

function validateStatus({ status }: RC): FieldError[] {
  const { replicas = 0, fullyLabeledReplicas, readyReplicas, availableReplicas } = status ?? {};
  const counts = { replicas, fullyLabeledReplicas, readyReplicas, availableReplicas };
  return Object.entries(counts).flatMap(([name, value]) => [
    ...validateNonNegative(`status.${name}`, value),
    ...(value !== undefined && value > replicas
      ? [invalid(`status.${name}`, value, "cannot be greater than status.replicas")]
      : []),
  ]);
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
