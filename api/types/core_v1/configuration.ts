import {
  always,
  boolean,
  bytes,
  defaulted,
  type Infer,
  list,
  map,
  messagesOf,
  optional,
  string,
} from "../schema.ts";
import { ObjectMeta, TYPE_META } from "../meta.ts";
import { LocalObjectReference, ObjectReference } from "./references.ts";

const message = messagesOf("io.k8s.api.core.v1");

export const ConfigMap = message("ConfigMap", {
  ...TYPE_META,
  binaryData: optional(3, map(bytes)),
  data: optional(2, map(string)),
  immutable: optional(4, boolean),
  metadata: always(1, ObjectMeta),
});
export interface ConfigMap extends Infer<typeof ConfigMap> {}

export const Secret = message("Secret", {
  ...TYPE_META,
  data: optional(2, map(bytes)),
  immutable: optional(5, boolean),
  metadata: always(1, ObjectMeta),
  stringData: optional(4, map(string), "Write-only: merged into data, base64 encoded."),
  type: defaulted(3, string, "Opaque"),
});
export interface Secret extends Infer<typeof Secret> {}

export const ServiceAccount = message("ServiceAccount", {
  ...TYPE_META,
  automountServiceAccountToken: optional(4, boolean),
  imagePullSecrets: optional(3, list(LocalObjectReference)),
  metadata: always(1, ObjectMeta),
  secrets: optional(2, list(ObjectReference, { mergeKey: "name" })),
});
export interface ServiceAccount extends Infer<typeof ServiceAccount> {}
