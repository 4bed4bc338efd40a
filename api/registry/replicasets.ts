import { REPLICA_SETS, ReplicaSet } from "../types/apps_v1.ts";
import { selectorOf } from "../types/labels.ts";
import type { FieldError } from "../types/status.ts";
import { count, wideText } from "./column_types.ts";
import { validateNonNegative } from "./field_rules.ts";
import { validateImmutable } from "./immutable_fields.ts";
import type { ResourceKind } from "./kind.ts";
import { selectorText, validateOwnSelector } from "./label_selectors.ts";
import {
  defaultPodTemplate,
  templateColumns,
  validateEndless,
  validatePodTemplate,
  validateSelected,
  validateSharedDisks,
} from "./pod_templates.ts";
import { scaleView } from "./scale_view.ts";
import { statusView } from "./status_view.ts";
import { validateReplicaCounts } from "./validate_replication_controller.ts";

export const replicaSets: ResourceKind<ReplicaSet> = {
  resource: REPLICA_SETS,
  schema: ReplicaSet,
  singular: "replicaset",
  shortNames: ["rs"],
  categories: ["all"],
  hasStatus: true,
  hasGeneration: true,
  default: (set) => ({
    ...set,
    spec: { ...set.spec, template: defaultPodTemplate(set.spec.template) },
  }),
  prepareForCreate: (set) => ({ ...set, status: { replicas: 0 } }),
  validate,
  validateUpdate: ({ spec }, { spec: old }) => validateImmutable("spec", spec, old, ["selector"]),
  columns: [
    count("Desired", "Pods wanted.", ({ spec }) => spec.replicas ?? 1),
    count("Current", "Pods there are.", ({ status }) => status?.replicas ?? 0),
    count("Ready", "Pods that are ready.", ({ status }) => status?.readyReplicas ?? 0),
    ...templateColumns<ReplicaSet>(({ spec }) => spec.template),
    wideText("Selector", "Labels of its pods.", ({ spec }) => selectorText(spec.selector)),
  ],
  selectableFields: { "status.replicas": ({ status }) => String(status?.replicas ?? 0) },
  subresources: {
    status: statusView(REPLICA_SETS, ReplicaSet, validateReplicaCounts),
    scale: scaleView<ReplicaSet>(({ spec }) => selectorOf(spec.selector).toString()),
  },
};

function validate({ spec }: ReplicaSet): FieldError[] {
  const { replicas, minReadySeconds, selector, template } = spec;
  const at = "spec.template";
  return [
    ...validateNonNegative("spec.replicas", replicas),
    ...validateNonNegative("spec.minReadySeconds", minReadySeconds),
    ...validateOwnSelector(selector, "deployment"),
    ...validateSelected(at, template, selector),
    ...validatePodTemplate(at, template),
    ...validateSharedDisks(at, template, replicas ?? 1),
    ...validateEndless(at, template, "ReplicaSet"),
  ];
}
