import type { MatchCondition } from "../types/admissionregistration_v1.ts";
import { forbidden } from "../registry/refusals.ts";
import { celValueOf } from "../registry/structural/cel_values.ts";
import type { RuleEngine, Rules } from "../registry/structural/rules.ts";
import { requestOf, type Review } from "./admission_review.ts";
import type { Hook } from "./webhook_index.ts";

/** What conditions may name. The authorizer, which Kubernetes has besides, is not there. */
export const CONDITION_NAMES: readonly string[] = ["object", "oldObject", "request"];

/**
 * Whether all conditions of a webhook hold. One that does not hold decides, whatever is wrong with others.
 * Source: k8s.io/apiserver, webhook/matchconditions
 * @throws {StatusError} Forbidden when one can't be evaluated and the webhook may not be passed over
 */
export async function meetsConditions(
  { webhook: { matchConditions = [], failurePolicy } }: Hook,
  review: Review,
  rules: Rules,
): Promise<boolean> {
  if (matchConditions.length === 0) return true;
  await rules.ready();
  const names = namesOf(review);
  const results = matchConditions.map((one) => evaluate(rules.engine!, one, names));
  if (results.includes(false)) return false;
  const failures = results.filter((one) => typeof one === "string");
  if (failures.length === 0) return true;
  if (failurePolicy === "Ignore") return false;
  throw forbidden(review.resource, review.name, failures.join(", "));
}

/** @returns what went wrong, as a text */
function evaluate(
  engine: RuleEngine,
  condition: MatchCondition,
  names: Readonly<Record<string, unknown>>,
): boolean | string {
  const { name, expression } = condition;
  try {
    return compiled(engine, condition, expression)(names) === true;
  } catch (error) {
    const why = (error as Error).message;
    return `match condition ${JSON.stringify(name)} can't be evaluated: ${why}`;
  }
}

type Compiled = ReturnType<RuleEngine["compile"]>;

/** For as long as the configuration stays as it is. */
const known = new WeakMap<MatchCondition, Compiled>();

function compiled(engine: RuleEngine, condition: MatchCondition, expression: string): Compiled {
  const made = known.get(condition) ?? engine.compile(expression);
  known.set(condition, made);
  return made;
}

function namesOf(review: Review): Readonly<Record<string, unknown>> {
  const { object = null, old: oldObject = null } = review;
  return {
    object: celValueOf(object, undefined),
    oldObject: celValueOf(oldObject, undefined),
    request: celValueOf(requestOf(review, ""), undefined),
  };
}
