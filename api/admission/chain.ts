import type { Admission } from "./admission.ts";
import { limitRanger } from "./limit_ranger.ts";
import { namespaceLifecycle } from "./namespace_lifecycle.ts";
import { chargeQuotas } from "./resource_quota.ts";

/** All that a write must pass besides the rules of its kind. */
export interface AdmissionChain {
  /** Asked inside the transaction, each with what the one before made of the object. */
  readonly admission: readonly Admission[];
  /** Last of all, when the object has its name: what it takes of quotas. */
  readonly charge?: typeof chargeQuotas;
}

/**
 * The order in which a write is admitted.
 * @param access rules about who writes and whom pods run as and before whom
 */
export function admissionChain(access: readonly Admission[]): AdmissionChain {
  return {
    admission: [
      namespaceLifecycle,
      limitRanger,
      ...access,
    ],
    charge: chargeQuotas,
  };
}
