import { Deployment, DEPLOYMENTS, type DeploymentStrategy } from "../types/apps_v1.ts";
import { forbidden, invalid, required } from "../types/field_errors.ts";
import { selectorOf } from "../types/labels.ts";
import type { FieldError } from "../types/status.ts";
import { isZeroAmount, validateAmountOrPercent, validateWithinAll } from "./amounts_or_percents.ts";
import { count, text, wideText } from "./column_types.ts";
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

export const deployments: ResourceKind<Deployment> = {
  resource: DEPLOYMENTS,
  schema: Deployment,
  singular: "deployment",
  shortNames: ["deploy"],
  categories: ["all"],
  hasStatus: true,
  hasGeneration: true,
  default: defaultDeployment,
  prepareForCreate: (deployment) => ({ ...deployment, status: {} }),
  validate,
  validateUpdate: ({ spec }, { spec: old }) => validateImmutable("spec", spec, old, ["selector"]),
  columns: [
    text("Ready", "Pods that are ready, of those wanted.", ({ spec, status }) => {
      return `${status?.readyReplicas ?? 0}/${spec.replicas ?? 1}`;
    }),
    count("Up-to-date", "Pods of the newest template.", ({ status }) => {
      return status?.updatedReplicas ?? 0;
    }),
    count("Available", "Pods that have been ready long enough.", ({ status }) => {
      return status?.availableReplicas ?? 0;
    }),
    ...templateColumns<Deployment>(({ spec }) => spec.template),
    wideText("Selector", "Labels of its pods.", ({ spec }) => selectorText(spec.selector)),
  ],
  subresources: {
    status: statusView(DEPLOYMENTS, Deployment, validateStatus),
    scale: scaleView<Deployment>(({ spec }) => selectorOf(spec.selector).toString()),
  },
};

function defaultDeployment(deployment: Deployment): Deployment {
  const { spec } = deployment;
  return {
    ...deployment,
    spec: {
      ...spec,
      strategy: defaultStrategy(spec.strategy),
      template: defaultPodTemplate(spec.template),
    },
  };
}

/** A quarter of the pods may be missing, and a quarter too many. */
function defaultStrategy({ type, rollingUpdate }: DeploymentStrategy = {}): DeploymentStrategy {
  if (type === "Recreate") return { type, ...(rollingUpdate && { rollingUpdate }) };
  return {
    type: type || "RollingUpdate",
    rollingUpdate: {
      maxUnavailable: rollingUpdate?.maxUnavailable ?? "25%",
      maxSurge: rollingUpdate?.maxSurge ?? "25%",
    },
  };
}

function validate({ spec }: Deployment): FieldError[] {
  const { replicas, selector, template, minReadySeconds, revisionHistoryLimit } = spec;
  const at = "spec.template";
  return [
    ...validateNonNegative("spec.replicas", replicas),
    ...validateOwnSelector(selector, "deployment"),
    ...validateSelected(at, template, selector),
    ...validatePodTemplate(at, template),
    ...validateSharedDisks(at, template, replicas ?? 1),
    ...validateEndless(at, template, "ReplicaSet"),
    ...validateStrategy(spec.strategy),
    ...validateNonNegative("spec.minReadySeconds", minReadySeconds),
    ...validateNonNegative("spec.revisionHistoryLimit", revisionHistoryLimit),
    ...validateDeadline(spec),
  ];
}

function validateDeadline(
  { progressDeadlineSeconds: deadline, minReadySeconds = 0 }: Deployment["spec"],
): FieldError[] {
  const at = "spec.progressDeadlineSeconds";
  if (deadline === undefined) return [];
  const errors = validateNonNegative(at, deadline);
  if (deadline > minReadySeconds) return errors;
  return [...errors, invalid(at, deadline, "must be greater than minReadySeconds")];
}

function validateStrategy({ type, rollingUpdate }: DeploymentStrategy = {}): FieldError[] {
  const at = "spec.strategy.rollingUpdate";
  if (type === "Recreate") {
    const why = "may not be specified when strategy `type` is 'Recreate'";
    return rollingUpdate === undefined ? [] : [forbidden(at, why)];
  }
  if (type !== "RollingUpdate") return [];
  if (rollingUpdate === undefined) return [required(at)];
  const { maxSurge, maxUnavailable } = rollingUpdate;
  const errors = [
    ...validateAmountOrPercent(`${at}.maxUnavailable`, maxUnavailable),
    ...validateAmountOrPercent(`${at}.maxSurge`, maxSurge),
  ];
  if (isZeroAmount(maxSurge) && isZeroAmount(maxUnavailable)) {
    const why = "may not be 0 when `maxSurge` is 0";
    errors.push(invalid(`${at}.maxUnavailable`, maxUnavailable, why));
  }
  return [...errors, ...validateWithinAll(`${at}.maxUnavailable`, maxUnavailable)];
}

function validateStatus({ status = {} }: Deployment): FieldError[] {
  const { replicas = 0, updatedReplicas, readyReplicas, availableReplicas } = status;
  const parts = { updatedReplicas, readyReplicas, availableReplicas };
  const counts = { replicas, ...parts, unavailableReplicas: status.unavailableReplicas };
  const errors = Object.entries(counts).flatMap(([name, value]) =>
    validateNonNegative(`status.${name}`, value)
  );
  for (const [name, value = 0] of Object.entries(parts)) {
    if (value <= replicas) continue;
    errors.push(invalid(`status.${name}`, value, "cannot be greater than status.replicas"));
  }
  if ((availableReplicas ?? 0) > (readyReplicas ?? 0)) {
    const why = "cannot be greater than readyReplicas";
    errors.push(invalid("status.availableReplicas", availableReplicas, why));
  }
  return errors;
}
