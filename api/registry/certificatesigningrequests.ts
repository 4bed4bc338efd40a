import {
  CERTIFICATE_SIGNING_REQUESTS,
  CertificateSigningRequest,
} from "../types/certificates_v1.ts";
import { forbidden, invalid, notSupported, required } from "../types/field_errors.ts";
import type { KubeObject } from "../types/meta.ts";
import type { Resource } from "../types/resources.ts";
import type { FieldError } from "../types/status.ts";
import { text } from "./column_types.ts";
import { AGE, NAME } from "./columns.ts";
import { humanDuration } from "./human_duration.ts";
import type { ResourceKind, ViewSubresource } from "./kind.ts";
import { isSameJson } from "./same_json.ts";
import { statusView } from "./status_view.ts";

type Csr = CertificateSigningRequest;
type Condition = NonNullable<NonNullable<Csr["status"]>["conditions"]>[number];

/** Source: certificates.k8s.io/v1, ExpirationSeconds. */
const EXPIRATION_SECONDS_MIN = 600;

// deno-fmt-ignore
/** Source: certificates.k8s.io/v1, KeyUsage. */
const USAGES: readonly string[] = [
  "any", "cert sign", "client auth", "code signing", "content commitment", "crl sign",
  "data encipherment", "decipher only", "digital signature", "email protection", "encipher only",
  "ipsec end system", "ipsec tunnel", "ipsec user", "key agreement", "key encipherment",
  "microsoft sgc", "netscape sgc", "ocsp signing", "s/mime", "server auth", "signing",
  "timestamping",
];
const DOMAIN_AND_PATH = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+\/.+$/;

export const certificateSigningRequests: ResourceKind<Csr> = {
  resource: CERTIFICATE_SIGNING_REQUESTS,
  schema: CertificateSigningRequest,
  singular: "certificatesigningrequest",
  shortNames: ["csr"],
  hasStatus: true,
  prepareForCreate: ({ status: _, ...request }) => ({ ...request, status: {} }),
  prepareForUpdate: (request, old) => ({ ...request, spec: old.spec }),
  validate,
  hasWholeTable: true,
  columns: [
    NAME,
    AGE,
    text("SignerName", "Who is to sign.", ({ spec }) => spec.signerName),
    text("Requestor", "Who asked.", ({ spec }) => spec.username ?? ""),
    text("RequestedDuration", "How long it is to last.", ({ spec: { expirationSeconds } }) => {
      return expirationSeconds === undefined ? "<none>" : humanDuration(expirationSeconds * 1000);
    }),
    text("Condition", "What became of it.", conditionText),
  ],
  selectableFields: { "spec.signerName": ({ spec }) => spec.signerName },
  subresources: {
    status: statusView(CERTIFICATE_SIGNING_REQUESTS, CertificateSigningRequest, validateStatus),
    approval: approvalView(),
  },
};

/** Approving and denying: conditions alone are written. */
function approvalView(): ViewSubresource<Csr> {
  return {
    does: "view",
    resource: CERTIFICATE_SIGNING_REQUESTS as Resource<KubeObject>,
    schema: CertificateSigningRequest,
    read: (request) => request,
    write: (request, view) => {
      const { conditions } = (view as Csr).status ?? {};
      return { ...request, status: { ...request.status, ...(conditions && { conditions }) } };
    },
    validate: validateConditions,
  };
}

/** Source: kubectl, extractCSRStatus. */
function conditionText({ status = {} }: Csr): string {
  const types = (status.conditions ?? []).map(({ type }) => type);
  const said = [
    types.includes("Approved") ? "Approved" : "",
    types.includes("Denied") ? "Denied" : "",
    types.includes("Failed") ? "Failed" : "",
  ].filter((word) => word !== "");
  if (status.certificate) said.push("Issued");
  return said.length === 0 ? "Pending" : said.join(",");
}

function validate({ spec }: Csr): FieldError[] {
  const { request, signerName, usages = [], expirationSeconds } = spec;
  const errors = usages.filter((usage) => !USAGES.includes(usage))
    .map((usage) => notSupported("spec.usages", usage, USAGES));
  if (usages.length === 0) errors.push(required("spec.usages"));
  if (request !== undefined && !isRequest(request)) {
    errors.push(invalid("spec.request", request, "PEM block type must be CERTIFICATE REQUEST"));
  }
  if (signerName !== undefined && !DOMAIN_AND_PATH.test(signerName)) {
    const why = "must be a fully qualified domain and path of the form 'example.com/signer-name'";
    errors.push(invalid("spec.signerName", signerName, why));
  }
  if (expirationSeconds !== undefined && expirationSeconds < EXPIRATION_SECONDS_MIN) {
    const why = "may not specify a duration less than 600 seconds (10 minutes)";
    errors.push(invalid("spec.expirationSeconds", expirationSeconds, why));
  }
  return errors;
}

function isRequest(base64: string): boolean {
  try {
    return /^-----BEGIN CERTIFICATE REQUEST-----[\s\S]+-----END CERTIFICATE REQUEST-----\s*$/
      .test(atob(base64));
  } catch {
    return false;
  }
}

/** The signer adds the certificate and `Failed`; what was decided stays. */
function validateStatus(next: Csr, old: Csr): FieldError[] {
  const before = old.status?.certificate;
  const isChanged = before !== undefined && next.status?.certificate !== before;
  const why = "updates may not change the certificate once it is set";
  return [
    ...(isChanged ? [forbidden("status.certificate", why)] : []),
    ...DECISIONS.flatMap((type) =>
      isSameJson(conditionOf(next, type), conditionOf(old, type))
        ? []
        : [forbidden("status.conditions", `updates may not modify a condition of type "${type}"`)]
    ),
    ...validateConditions(next, old),
  ];
}

const DECISIONS = ["Approved", "Denied"];
const LASTING = [...DECISIONS, "Failed"];

function validateConditions(next: Csr, old: Csr): FieldError[] {
  const { conditions = [] } = next.status ?? {};
  const field = "status.conditions";
  const errors = conditions.filter(({ type, status }) =>
    LASTING.includes(type) && status !== "True"
  )
    .map(({ status }) => notSupported(`${field}.status`, status, ["True"]));
  if (DECISIONS.every((type) => conditionOf(next, type) !== undefined)) {
    errors.push(
      invalid(field, conditions, "Approved and Denied conditions are mutually exclusive"),
    );
  }
  for (const type of LASTING) {
    if (conditionOf(old, type) === undefined || conditionOf(next, type) !== undefined) continue;
    errors.push(forbidden(field, `updates may not remove a condition of type "${type}"`));
  }
  return errors;
}

function conditionOf({ status }: Csr, type: string): Condition | undefined {
  return status?.conditions?.find((one) => one.type === type);
}
