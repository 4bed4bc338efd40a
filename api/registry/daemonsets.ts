import {
  DAEMON_SETS,
  DaemonSet,
  type DaemonSetSpec,
  type DaemonSetUpdateStrategy,
} from "../types/apps_v1.ts";
import { invalid, notSupported, required } from "../types/field_errors.ts";
import type { FieldError } from "../types/status.ts";
import { isZeroAmount, validateAmountOrPercent, validateWithinAll } from "./amounts_or_percents.ts";
import { count, labelsText, text, wideText } from "./column_types.ts";
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
} from "./pod_templates.ts";
import { statusView } from "./status_view.ts";

type Status = NonNullable<DaemonSet["status"]>;

const NO_STATUS: Status = {
  currentNumberScheduled: 0,
  numberMisscheduled: 0,
  desiredNumberScheduled: 0,
  numberReady: 0,
};

export const daemonSets: ResourceKind<DaemonSet> = {
  resource: DAEMON_SETS,
  schema: DaemonSet,
  singular: "daemonset",
  shortNames: ["ds"],
  categories: ["all"],
  hasStatus: true,
  hasGeneration: true,
  default: (set) => ({ ...set, spec: defaultSpec(set.spec) }),
  prepareForCreate: (set) => ({ ...set, status: NO_STATUS }),
  validate,
  validateUpdate: ({ spec }, { spec: old }) => validateImmutable("spec", spec, old, ["selector"]),
  columns: [
    nodes("Desired", "Nodes that should run a pod.", "desiredNumberScheduled"),
    nodes("Current", "Nodes that have a pod.", "currentNumberScheduled"),
    nodes("Ready", "Nodes whose pod is ready.", "numberReady"),
    nodes("Up-to-date", "Nodes with a pod of the newest template.", "updatedNumberScheduled"),
    nodes("Available", "Nodes whose pod has been ready long enough.", "numberAvailable"),
    text("Node Selector", "Labels of the nodes.", ({ spec }) => {
      return labelsText(spec.template?.spec.nodeSelector);
    }),
    ...templateColumns<DaemonSet>(({ spec }) => spec.template),
    wideText("Selector", "Labels of its pods.", ({ spec }) => selectorText(spec.selector)),
  ],
  subresources: { status: statusView(DAEMON_SETS, DaemonSet, validateStatus) },
};

type NumberOfNodes = {
  [K in keyof Status]-?: NonNullable<Status[K]> extends number ? K : never;
}[keyof Status];

function nodes(name: string, description: string, field: NumberOfNodes) {
  return count<DaemonSet>(name, description, ({ status }) => status?.[field] ?? 0);
}

function defaultSpec(spec: DaemonSetSpec): DaemonSetSpec {
  return {
    ...spec,
    template: defaultPodTemplate(spec.template),
    updateStrategy: defaultStrategy(spec.updateStrategy),
  };
}

function defaultStrategy(
  { type, rollingUpdate }: DaemonSetUpdateStrategy = {},
): DaemonSetUpdateStrategy {
  if (type && type !== "RollingUpdate") return { type, ...(rollingUpdate && { rollingUpdate }) };
  const { maxUnavailable = 1, maxSurge = 0 } = rollingUpdate ?? {};
  return { type: "RollingUpdate", rollingUpdate: { maxUnavailable, maxSurge } };
}

function validate({ spec }: DaemonSet): FieldError[] {
  const { selector, template, minReadySeconds, revisionHistoryLimit } = spec;
  const at = "spec.template";
  return [
    ...validateOwnSelector(selector, "daemonset"),
    ...validateSelected(at, template, selector),
    ...validatePodTemplate(at, template),
    ...validateEndless(at, template, "DaemonSet"),
    ...validateNonNegative("spec.minReadySeconds", minReadySeconds),
    ...validateStrategy(spec.updateStrategy),
    ...validateNonNegative("spec.revisionHistoryLimit", revisionHistoryLimit),
  ];
}

function validateStrategy({ type, rollingUpdate }: DaemonSetUpdateStrategy = {}): FieldError[] {
  const at = "spec.updateStrategy";
  if (type === "OnDelete") return [];
  if (type !== "RollingUpdate") return [notSupported(at, type, ["RollingUpdate", "OnDelete"])];
  if (rollingUpdate === undefined) return [required(`${at}.rollingUpdate`)];
  const { maxSurge, maxUnavailable } = rollingUpdate;
  const amounts = { maxUnavailable, maxSurge };
  const errors = Object.entries(amounts).flatMap(([name, amount]) => [
    ...validateAmountOrPercent(`${at}.rollingUpdate.${name}`, amount),
    ...validateWithinAll(`${at}.rollingUpdate.${name}`, amount),
  ]);
  const [noSurge, noneMissing] = [isZeroAmount(maxSurge), isZeroAmount(maxUnavailable)];
  if (!noSurge && !noneMissing) {
    const why = "may not be set when maxUnavailable is non-zero";
    errors.push(invalid(`${at}.rollingUpdate.maxSurge`, maxSurge, why));
  }
  if (noSurge && noneMissing) {
    const why = "cannot be 0 when maxSurge is 0";
    errors.push(required(`${at}.rollingUpdate.maxUnavailable`, why));
  }
  return errors;
}

function validateStatus({ status = NO_STATUS }: DaemonSet): FieldError[] {
  return Object.entries(status).flatMap(([name, value]) =>
    typeof value === "number" ? validateNonNegative(`status.${name}`, value) : []
  );
}
