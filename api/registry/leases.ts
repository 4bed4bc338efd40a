import { Lease, LEASES } from "../types/coordination_v1.ts";
import { NODE_LEASE_NAMESPACE } from "../types/drain_barrier.ts";
import { invalid } from "../types/field_errors.ts";
import { RENEW_ANNOTATION, RENEW_SECONDS_MIN } from "../types/node_lease.ts";
import type { FieldError } from "../types/status.ts";
import { text } from "./column_types.ts";
import type { ResourceKind } from "./kind.ts";

/** @param renewSeconds how often nodes are to renew theirs: each hears of it as it does */
export function leases(renewSeconds: () => number): ResourceKind<Lease> {
  return {
    resource: LEASES,
    schema: Lease,
    singular: "lease",
    isVolatile: true,
    hasStatus: false,
    createsOnUpdate: true,
    validate,
    admit: (lease) => ({ object: withPace(lease, renewSeconds()) }),
    columns: [text("Holder", "Who holds the lease now.", ({ spec }) => spec.holderIdentity ?? "")],
  };
}

/** Nothing is said where the usual holds. */
function withPace(lease: Lease, seconds: number): Lease {
  const { metadata } = lease;
  if (metadata.namespace !== NODE_LEASE_NAMESPACE) return lease;
  const { [RENEW_ANNOTATION]: said, ...others } = metadata.annotations ?? {};
  const want = seconds <= RENEW_SECONDS_MIN ? undefined : String(seconds);
  if (said === want) return lease;
  const annotations = want === undefined ? others : { ...others, [RENEW_ANNOTATION]: want };
  return { ...lease, metadata: { ...metadata, annotations } };
}

function validate({ spec }: Lease): FieldError[] {
  const { leaseDurationSeconds: duration, leaseTransitions: transitions } = spec;
  const errors: FieldError[] = [];
  if (duration !== undefined && duration <= 0) {
    errors.push(invalid("spec.leaseDurationSeconds", duration, "must be greater than 0"));
  }
  if (transitions !== undefined && transitions < 0) {
    errors.push(
      invalid("spec.leaseTransitions", transitions, "must be greater than or equal to 0"),
    );
  }
  return errors;
}
