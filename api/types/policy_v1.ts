import { always, type Infer, messagesOf, optional } from "./schema.ts";
import { DeleteOptions, ObjectMeta, TYPE_META } from "./meta.ts";
import type { Resource } from "./resources.ts";

const message = messagesOf("io.k8s.api.policy.v1");

/** Asks for a pod to go, where a deletion would not ask. */
export const Eviction = message("Eviction", {
  ...TYPE_META,
  deleteOptions: optional(2, DeleteOptions),
  metadata: always(1, ObjectMeta),
});
export interface Eviction extends Infer<typeof Eviction> {}

/** Served under a pod, as its subresource `eviction`. */
export const EVICTIONS: Resource<Eviction> = {
  apiVersion: "policy/v1",
  kind: "Eviction",
  resource: "eviction",
  isNamespaced: true,
};
