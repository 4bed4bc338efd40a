import { always, type Infer, int32, messagesOf, microTime, optional, string } from "./schema.ts";
import { ObjectMeta, TYPE_META } from "./meta.ts";
import type { Resource } from "./resources.ts";

const message = messagesOf("io.k8s.api.coordination.v1");

export const LeaseSpec = message("LeaseSpec", {
  holderIdentity: optional(1, string),
  leaseDurationSeconds: optional(2, int32),
  acquireTime: optional(3, microTime),
  renewTime: optional(4, microTime),
  leaseTransitions: optional(5, int32),
});
export interface LeaseSpec extends Infer<typeof LeaseSpec> {}

/** A node renews its lease in place of writing its status: leases live in memory only. */
export const Lease = message("Lease", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, LeaseSpec),
});
export interface Lease extends Infer<typeof Lease> {}

export const LEASES: Resource<Lease> = {
  apiVersion: "coordination.k8s.io/v1",
  kind: "Lease",
  resource: "leases",
  isNamespaced: true,
};
