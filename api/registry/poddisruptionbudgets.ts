import { invalid } from "../types/field_errors.ts";
import { POD_DISRUPTION_BUDGETS, PodDisruptionBudget } from "../types/policy_v1.ts";
import type { FieldError } from "../types/status.ts";
import { validateAmountOrPercent, validateWithinAll } from "./amounts_or_percents.ts";
import { count, text } from "./column_types.ts";
import { validateNonNegative } from "./field_rules.ts";
import type { ResourceKind } from "./kind.ts";
import { validateLabelSelector } from "./label_selectors.ts";
import { statusView } from "./status_view.ts";

type Budget = PodDisruptionBudget;

export const podDisruptionBudgets: ResourceKind<Budget> = {
  resource: POD_DISRUPTION_BUDGETS,
  schema: PodDisruptionBudget,
  singular: "poddisruptionbudget",
  shortNames: ["pdb"],
  hasStatus: true,
  hasGeneration: true,
  prepareForCreate: (budget) => ({
    ...budget,
    status: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0 },
  }),
  validate,
  columns: [
    text("Min Available", "Pods that must be left.", ({ spec }) => amount(spec.minAvailable)),
    text("Max Unavailable", "Pods that may be missing.", ({ spec }) => {
      return amount(spec.maxUnavailable);
    }),
    count("Allowed Disruptions", "Pods that may be evicted now.", ({ status }) => {
      return status?.disruptionsAllowed ?? 0;
    }),
  ],
  subresources: { status: statusView(POD_DISRUPTION_BUDGETS, PodDisruptionBudget, validateStatus) },
};

const amount = (value: number | string | undefined) => value === undefined ? "N/A" : String(value);

function validate({ spec }: Budget): FieldError[] {
  const { minAvailable, maxUnavailable, selector } = spec;
  const errors: FieldError[] = [];
  if (minAvailable !== undefined && maxUnavailable !== undefined) {
    const why = "minAvailable and maxUnavailable cannot be both set";
    errors.push(invalid("spec", spec, why));
  }
  const amounts = Object.entries({ minAvailable, maxUnavailable });
  return [
    ...errors,
    ...amounts.flatMap(([name, value]) => [
      ...validateAmountOrPercent(`spec.${name}`, value),
      ...validateWithinAll(`spec.${name}`, value),
    ]),
    ...validateLabelSelector("spec.selector", selector),
  ];
}

function validateStatus({ status }: Budget): FieldError[] {
  return Object.entries(status ?? {}).flatMap(([name, value]) =>
    typeof value === "number" ? validateNonNegative(`status.${name}`, value) : []
  );
}
