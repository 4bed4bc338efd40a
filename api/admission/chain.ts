import type { Rules } from "../registry/structural/rules.ts";
import type { Admission } from "./admission.ts";
import { defaultTolerationSeconds } from "./default_toleration_seconds.ts";
import { expressions } from "./expressions.ts";
import { limitRanger } from "./limit_ranger.ts";
import { namespaceLifecycle } from "./namespace_lifecycle.ts";
import { nodeRestriction } from "./node_restriction.ts";
import { chargeQuotas } from "./resource_quota.ts";
import type { Webhooks } from "./webhooks.ts";

/** All that a write must pass besides the rules of its kind. */
export interface AdmissionChain {
  /** Asked inside the transaction, each with what the one before made of the object. */
  readonly admission: readonly Admission[];
  /** Last of all, when the object has its name: what it takes of quotas. */
  readonly charge?: typeof chargeQuotas;
  /** First of all, outside of the transaction: they are far away. Absent: there are none. */
  readonly webhooks?: Webhooks | undefined;
}

/** Rules that need more than what stands in the transaction. */
export interface InformedRules {
  readonly rbacEscalation: Admission;
  readonly priority: Admission;
  readonly certificateRequests: Admission;
  readonly serviceAccount: Admission;
}

/**
 * The order in which a write is admitted. Webhooks see the object as the rules leave it, mutating ones before
 * validating ones; inside the transaction the rules decide once more, then the kind itself, and at last the quotas.
 */
export function admissionChain(
  { rbacEscalation, priority, certificateRequests, serviceAccount }: InformedRules,
  rules: Rules,
  webhooks?: Webhooks,
): AdmissionChain {
  return {
    webhooks,
    admission: [
      namespaceLifecycle,
      limitRanger,
      serviceAccount,
      nodeRestriction,
      rbacEscalation,
      priority,
      certificateRequests,
      defaultTolerationSeconds,
      expressions(rules),
    ],
    charge: chargeQuotas,
  };
}
