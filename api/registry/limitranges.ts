import { LimitRange, type LimitRangeItem } from "../types/core_v1.ts";
import { forbidden, invalid, required } from "../types/field_errors.ts";
import { validateQualifiedName } from "../types/names.ts";
import { compareQuantities } from "../types/quantity.ts";
import { LIMIT_RANGES } from "../types/resources.ts";
import type { FieldError } from "../types/status.ts";
import { text } from "./column_types.ts";
import { NAME } from "./columns.ts";
import { invalidFor, validateUnique } from "./field_rules.ts";
import type { ResourceKind } from "./kind.ts";
import { validateWhole } from "./whole_amounts.ts";

export const limitRanges: ResourceKind<LimitRange> = {
  resource: LIMIT_RANGES,
  schema: LimitRange,
  singular: "limitrange",
  shortNames: ["limits"],
  hasStatus: false,
  createsOnUpdate: true,
  default: (range) => ({
    ...range,
    spec: { ...range.spec, limits: (range.spec.limits ?? []).map(defaultItem) },
  }),
  validate: ({ spec }) => [
    ...(spec.limits ?? []).flatMap((item, i) => validateItem(`spec.limits[${i}]`, item)),
    ...validateUnique((spec.limits ?? []).map(({ type }, i) => [`spec.limits[${i}].type`, type])),
  ],
  hasWholeTable: true,
  columns: [
    NAME,
    text("Created At", "When the object was made.", ({ metadata }) => {
      return metadata.creationTimestamp ?? "";
    }),
  ],
};

type Quantities = Readonly<Record<string, string>>;

/** A container's default limit is the maximum, and its default request the default limit or the minimum. */
function defaultItem(item: LimitRangeItem): LimitRangeItem {
  if (item.type !== "Container") return item;
  const limits = { ...item.max, ...item.default };
  const requests = { ...item.min, ...limits, ...item.defaultRequest };
  return {
    ...item,
    ...(Object.keys(limits).length > 0 && { default: limits }),
    ...(Object.keys(requests).length > 0 && { defaultRequest: requests }),
  };
}

/** Each bound and the bounds that it may not exceed, by what the refusal calls it. */
const ORDER = [
  ["min", "max"],
  ["min", "defaultRequest"],
  ["min", "default"],
  ["defaultRequest", "max"],
  ["defaultRequest", "default"],
  ["default", "max"],
] as const;

const WORDS = {
  min: "min value",
  max: "max value",
  default: "default value",
  defaultRequest: "default request value",
} as const;

const KINDS_OF_AMOUNT = [
  "max",
  "min",
  "default",
  "defaultRequest",
  "maxLimitRequestRatio",
] as const;

function validateItem(field: string, item: LimitRangeItem): FieldError[] {
  const errors = item.type
    ? invalidFor(`${field}.type`, item.type, validateQualifiedName(item.type))
    : [];
  const isPod = item.type === "Pod";
  for (const name of ["default", "defaultRequest"] as const) {
    if (!isPod || item[name] === undefined) continue;
    const why = "may not be specified when `type` is 'Pod'";
    errors.push(forbidden(`${field}.${name}`, why));
  }
  if (item.type === "PersistentVolumeClaim" && !item.min?.storage && !item.max?.storage) {
    const why = "either minimum or maximum storage value is required, but neither was provided";
    errors.push(required(field, why));
  }
  for (const name of KINDS_OF_AMOUNT) {
    errors.push(...validateAmounts(`${field}.${name}`, item[name] ?? {}));
  }
  for (const [low, high] of ORDER) errors.push(...validateOrder(field, item, [low, high]));
  return [...errors, ...validateRatio(field, item)];
}

function validateAmounts(field: string, amounts: Quantities): FieldError[] {
  return Object.entries(amounts).flatMap(([name, amount]) =>
    field.endsWith("Ratio") ? [] : validateWhole(`${field}[${name}]`, name, amount)
  );
}

type Bound = keyof typeof WORDS;

function validateOrder(
  field: string,
  item: LimitRangeItem,
  [low, high]: readonly [Bound, Bound],
): FieldError[] {
  return Object.entries(item[low] ?? {}).flatMap(([name, amount]) => {
    const bound = item[high]?.[name];
    if (bound === undefined || compareQuantities(amount, bound) <= 0) return [];
    const why = `${WORDS[low]} ${amount} is greater than ${WORDS[high]} ${bound}`;
    return [invalid(`${field}.${low}[${name}]`, amount, why)];
  });
}

function validateRatio(field: string, { maxLimitRequestRatio = {} }: LimitRangeItem): FieldError[] {
  return Object.entries(maxLimitRequestRatio).flatMap(([name, ratio]) =>
    compareQuantities(ratio, "1") < 0
      ? [invalid(`${field}.maxLimitRequestRatio[${name}]`, ratio, `ratio ${ratio} is less than 1`)]
      : []
  );
}
