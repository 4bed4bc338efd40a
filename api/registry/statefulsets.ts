import {
  STATEFUL_SETS,
  StatefulSet,
  type StatefulSetSpec,
  type StatefulSetUpdateStrategy,
} from "../types/apps_v1.ts";
import { forbidden, invalid, notSupported } from "../types/field_errors.ts";
import { selectorOf } from "../types/labels.ts";
import type { FieldError } from "../types/status.ts";
import { validateAmountOrPercent, validateWithinAll } from "./amounts_or_percents.ts";
import { text } from "./column_types.ts";
import { validateNonNegative } from "./field_rules.ts";
import type { ResourceKind } from "./kind.ts";
import { validateOwnSelector } from "./label_selectors.ts";
import {
  defaultPodTemplate,
  templateColumns,
  validateEndless,
  validatePodTemplate,
  validateSelected,
} from "./pod_templates.ts";
import { isSameJson } from "./same_json.ts";
import { scaleView } from "./scale_view.ts";
import { statusView } from "./status_view.ts";

export const statefulSets: ResourceKind<StatefulSet> = {
  resource: STATEFUL_SETS,
  schema: StatefulSet,
  singular: "statefulset",
  shortNames: ["sts"],
  categories: ["all"],
  hasStatus: true,
  hasGeneration: true,
  default: (set) => ({ ...set, spec: defaultSpec(set.spec) }),
  prepareForCreate: (set) => ({ ...set, status: { replicas: 0, availableReplicas: 0 } }),
  validate,
  validateUpdate,
  columns: [
    text("Ready", "Pods that are ready, of those wanted.", ({ spec, status }) => {
      return `${status?.readyReplicas ?? 0}/${spec.replicas ?? 1}`;
    }),
    ...templateColumns<StatefulSet>(({ spec }) => spec.template),
  ],
  subresources: {
    status: statusView(STATEFUL_SETS, StatefulSet),
    scale: scaleView<StatefulSet>(({ spec }) => selectorOf(spec.selector).toString()),
  },
};

function defaultSpec(spec: StatefulSetSpec): StatefulSetSpec {
  const { whenDeleted, whenScaled } = spec.persistentVolumeClaimRetentionPolicy ?? {};
  return {
    ...spec,
    template: defaultPodTemplate(spec.template),
    updateStrategy: defaultStrategy(spec.updateStrategy),
    persistentVolumeClaimRetentionPolicy: {
      whenDeleted: whenDeleted || "Retain",
      whenScaled: whenScaled || "Retain",
    },
    ...(spec.volumeClaimTemplates && {
      volumeClaimTemplates: spec.volumeClaimTemplates.map((claim) => ({
        ...claim,
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        status: { ...claim.status, phase: "Pending" },
      })),
    }),
  };
}

/** As its pods will have it: a volume for each claim, in place of one of the same name. */
function withClaims({ template, volumeClaimTemplates = [] }: StatefulSetSpec) {
  const names = volumeClaimTemplates.map(({ metadata }) => metadata?.name ?? "");
  if (names.length === 0 || template?.spec === undefined) return template;
  const others = (template.spec.volumes ?? []).filter(({ name }) => !names.includes(name));
  const claims = names.map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  return { ...template, spec: { ...template.spec, volumes: [...others, ...claims] } };
}

function defaultStrategy(
  { type, rollingUpdate }: StatefulSetUpdateStrategy = {},
): StatefulSetUpdateStrategy {
  if (type && type !== "RollingUpdate") return { type, ...(rollingUpdate && { rollingUpdate }) };
  const partition = rollingUpdate?.partition ?? 0;
  return { type: "RollingUpdate", rollingUpdate: { ...rollingUpdate, partition } };
}

function validate({ spec }: StatefulSet): FieldError[] {
  const { replicas, minReadySeconds, ordinals, selector, template } = spec;
  return [
    ...validatePolicies(spec),
    ...validateNonNegative("spec.replicas", replicas),
    ...validateNonNegative("spec.minReadySeconds", minReadySeconds),
    ...validateNonNegative("spec.ordinals.start", ordinals?.start),
    ...validateNonNegative("spec.revisionHistoryLimit", spec.revisionHistoryLimit),
    ...validateOwnSelector(selector, "statefulset"),
    ...validateSelected("spec.template", template, selector),
    ...validatePodTemplate("spec.template", withClaims(spec)),
    ...validateEndless("spec.template", template, "StatefulSet"),
  ];
}

const RETENTION = ["Retain", "Delete"];

function validatePolicies(spec: StatefulSetSpec): FieldError[] {
  const { podManagementPolicy, persistentVolumeClaimRetentionPolicy: retention = {} } = spec;
  const errors: FieldError[] = [];
  if (podManagementPolicy !== "OrderedReady" && podManagementPolicy !== "Parallel") {
    const why = "must be 'OrderedReady' or 'Parallel'";
    errors.push(invalid("spec.podManagementPolicy", podManagementPolicy, why));
  }
  errors.push(...validateStrategy(spec.updateStrategy));
  const at = "spec.persistentVolumeClaimRetentionPolicy";
  for (const name of ["whenDeleted", "whenScaled"] as const) {
    const policy = retention[name];
    if (policy === undefined || RETENTION.includes(policy)) continue;
    errors.push(notSupported(`${at}.${name}`, policy, RETENTION));
  }
  return errors;
}

function validateStrategy(strategy: StatefulSetUpdateStrategy = {}): FieldError[] {
  const at = "spec.updateStrategy";
  const { type, rollingUpdate } = strategy;
  if (type === "OnDelete") {
    const why = "only allowed for updateStrategy 'RollingUpdate'";
    return rollingUpdate === undefined ? [] : [invalid(`${at}.rollingUpdate`, rollingUpdate, why)];
  }
  if (type !== "RollingUpdate") {
    return [invalid(at, strategy, "must be 'RollingUpdate' or 'OnDelete'")];
  }
  const { partition, maxUnavailable } = rollingUpdate ?? {};
  return [
    ...validateNonNegative(`${at}.rollingUpdate.partition`, partition),
    ...validateAmountOrPercent(`${at}.rollingUpdate.maxUnavailable`, maxUnavailable),
    ...validateWithinAll(`${at}.rollingUpdate.maxUnavailable`, maxUnavailable),
  ];
}

/** In the order in which the refusal names them. */
const CHANGEABLE = [
  "replicas",
  "ordinals",
  "template",
  "updateStrategy",
  "revisionHistoryLimit",
  "persistentVolumeClaimRetentionPolicy",
  "minReadySeconds",
] as const;

function validateUpdate({ spec }: StatefulSet, { spec: old }: StatefulSet): FieldError[] {
  if (isSameJson(fixedPart(spec), fixedPart(old))) return [];
  const names = CHANGEABLE.map((name) => `'${name}'`);
  const list = `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  const why = `updates to statefulset spec for fields other than ${list} are forbidden`;
  return [forbidden("spec", why)];
}

function fixedPart(spec: StatefulSetSpec): Partial<StatefulSetSpec> {
  const fixed: Partial<StatefulSetSpec> = { ...spec };
  for (const name of CHANGEABLE) delete fixed[name];
  return fixed;
}
