import type { ServiceSpec } from "../types/core_v1.ts";
import { forbidden, invalid } from "../types/field_errors.ts";
import type { FieldError } from "../types/status.ts";
import { invalidFor } from "./field_rules.ts";
import { validateIp } from "./ip_addresses.ts";
import { HEADLESS } from "./service_defaults.ts";

const FOREIGN_TO_NAMES = ["clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy"] as const;

/** Form of the virtual IP; whether it is free is known at admission. */
export function validateServiceIps(spec: ServiceSpec): FieldError[] {
  const { type, clusterIP, clusterIPs = [] } = spec;
  if (type === "ExternalName") {
    const said = FOREIGN_TO_NAMES.filter((field) => !isEmpty(spec[field]));
    return said.map((field) =>
      forbidden(`spec.${field}`, "may not be set for ExternalName services")
    );
  }
  const errors: FieldError[] = [];
  if (!clusterIP && clusterIPs.length > 0) {
    const why = "must be empty when `clusterIP` is not specified";
    errors.push(invalid("spec.clusterIPs", clusterIPs, why));
  } else if (clusterIP && clusterIPs[0] !== clusterIP) {
    errors.push(invalid("spec.clusterIPs[0]", clusterIPs, "first value must match `clusterIP`"));
  }
  if (clusterIPs.length > 1) {
    const why =
      "may only hold up to 1 value: this cluster is not configured for dual-stack services";
    errors.push(invalid("spec.clusterIPs", clusterIPs, why));
  }
  clusterIPs.forEach((ip, i) => {
    if (ip !== HEADLESS) errors.push(...invalidFor(`spec.clusterIPs[${i}]`, ip, validateIp(ip)));
  });
  return errors;
}

function isEmpty(value: string | readonly string[] | undefined): boolean {
  return value === undefined || value.length === 0;
}

/** Services have one address, of IPv4. */
export function validateFamilies({ ipFamilies = [], ipFamilyPolicy }: ServiceSpec): FieldError[] {
  const errors = ipFamilies.flatMap((family, i) =>
    family === "IPv4"
      ? []
      : [invalid(`spec.ipFamilies[${i}]`, family, "not configured on this cluster")]
  );
  if (ipFamilyPolicy === "RequireDualStack") {
    const why = "this cluster is not configured for dual-stack services";
    errors.push(invalid("spec.ipFamilyPolicy", ipFamilyPolicy, why));
  }
  return errors;
}
