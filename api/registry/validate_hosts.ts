import { invalid } from "../types/field_errors.ts";
import { validateDns1123Subdomain } from "../types/names.ts";
import type { FieldError } from "../types/status.ts";
import { invalidFor } from "./field_rules.ts";
import { validateIp } from "./ip_addresses.ts";

const WILDCARD = /^\*(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$/;
/** Source: k8s.io/apimachinery, util/validation.IsWildcardDNS1123Subdomain. */
const NO_WILDCARD =
  "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which " +
  "must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric " +
  "character (e.g. '*.example.com', regex used for validation is " +
  "'\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";

export function validateIngressHost(field: string, host: string | undefined): FieldError[] {
  if (!host) return [];
  if (validateIp(host).length === 0) {
    return [invalid(field, host, "must be a DNS name, not an IP address")];
  }
  if (!host.includes("*")) return invalidFor(field, host, validateDns1123Subdomain(host));
  return WILDCARD.test(host) ? [] : [invalid(field, host, NO_WILDCARD)];
}
