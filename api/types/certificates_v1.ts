import {
  always,
  bytes,
  type Infer,
  int32,
  list,
  map,
  messagesOf,
  optional,
  required,
  string,
  time,
} from "./schema.ts";
import { ObjectMeta, TYPE_META } from "./meta.ts";
import type { Resource } from "./resources.ts";

const message = messagesOf("io.k8s.api.certificates.v1");

export const CertificateSigningRequestSpec = message("CertificateSigningRequestSpec", {
  expirationSeconds: optional(8, int32, "The validity asked for; at least 600."),
  extra: optional(6, map(list(string))),
  groups: optional(4, list(string)),
  request: required(1, bytes, "A certificate request in PEM."),
  signerName: required(7, string),
  uid: optional(3, string),
  usages: optional(5, list(string)),
  username: optional(2, string),
});
export interface CertificateSigningRequestSpec
  extends Infer<typeof CertificateSigningRequestSpec> {}

export const CertificateSigningRequestCondition = message("CertificateSigningRequestCondition", {
  lastTransitionTime: optional(5, time),
  lastUpdateTime: optional(4, time),
  message: optional(3, string),
  reason: optional(2, string),
  status: required(6, string),
  type: required(1, string),
});
export interface CertificateSigningRequestCondition
  extends Infer<typeof CertificateSigningRequestCondition> {}

export const CertificateSigningRequestStatus = message("CertificateSigningRequestStatus", {
  certificate: optional(2, bytes, "The certificate and those above it in PEM."),
  conditions: optional(1, list(CertificateSigningRequestCondition, { mapKeys: ["type"] })),
});
export interface CertificateSigningRequestStatus
  extends Infer<typeof CertificateSigningRequestStatus> {}

export const CertificateSigningRequest = message("CertificateSigningRequest", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  spec: always(2, CertificateSigningRequestSpec),
  status: optional(3, CertificateSigningRequestStatus),
}, { description: "Asks for a certificate." });
export interface CertificateSigningRequest extends Infer<typeof CertificateSigningRequest> {}

export const CERTIFICATE_SIGNING_REQUESTS: Resource<CertificateSigningRequest> = {
  apiVersion: "certificates.k8s.io/v1",
  kind: "CertificateSigningRequest",
  resource: "certificatesigningrequests",
  isNamespaced: false,
};
