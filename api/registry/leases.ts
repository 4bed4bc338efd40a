import { Lease, LEASES } from "../types/coordination_v1.ts";
import { invalid } from "../types/field_errors.ts";
import type { FieldError } from "../types/status.ts";
import { text } from "./column_types.ts";
import type { ResourceKind } from "./kind.ts";

export const leases: ResourceKind<Lease> = {
  resource: LEASES,
  schema: Lease,
  singular: "lease",
  isVolatile: true,
  hasStatus: false,
  createsOnUpdate: true,
  validate,
  columns: [text("Holder", "Who holds the lease now.", ({ spec }) => spec.holderIdentity ?? "")],
};

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
