import type { Service, ServiceSpec } from "../types/core_v1.ts";
import { forbidden, invalid, required } from "../types/field_errors.ts";
import { validateDns1123Subdomain } from "../types/names.ts";
import { durationOf, SLEEP_ANNOTATION } from "../types/sleeping_services.ts";
import type { FieldError } from "../types/status.ts";
import { invalidFor, validateLabels } from "./field_rules.ts";
import { validateEndpointIp } from "./ip_addresses.ts";
import { HEADLESS, isReachedFromOutside, needsHealthPort } from "./service_defaults.ts";
import { validateCidr } from "./validate_cidr.ts";
import { validateFamilies, validateServiceIps } from "./validate_service_ips.ts";
import { validateServicePorts } from "./validate_service_ports.ts";

/** Source: Kubernetes, maxSecondsInDay, the longest session affinity. */
const AFFINITY_SECONDS_MAX = 86400;

export function validateService({ metadata, spec }: Service): FieldError[] {
  return [
    ...validateSleep(metadata.annotations?.[SLEEP_ANNOTATION]),
    ...validatePresence(spec),
    ...validateServicePorts(spec),
    ...validateLabels("spec.selector", spec.selector),
    ...validateAffinity(spec),
    ...validateServiceIps(spec),
    ...validateFamilies(spec),
    ...validateExternalIps(spec),
    ...validateBalancer(spec),
  ];
}

function validateSleep(after: string | undefined): FieldError[] {
  if (after === undefined || durationOf(after) !== undefined) return [];
  const why = "must be whole hours, minutes and seconds, at least 1s, such as 1h30m";
  return [invalid(`metadata.annotations[${SLEEP_ANNOTATION}]`, after, why)];
}

function validatePresence({ type, ports = [], clusterIP, externalName = "" }: ServiceSpec) {
  const errors: FieldError[] = [];
  if (type === "ExternalName") {
    if (externalName === "") return [required("spec.externalName")];
    const name = externalName.endsWith(".") ? externalName.slice(0, -1) : externalName;
    return invalidFor("spec.externalName", externalName, validateDns1123Subdomain(name));
  }
  if (clusterIP === HEADLESS && (type === "NodePort" || type === "LoadBalancer")) {
    const why = `may not be set to 'None' for ${type} services`;
    errors.push(invalid("spec.clusterIPs[0]", [clusterIP], why));
  }
  if (ports.length === 0 && clusterIP !== HEADLESS) errors.push(required("spec.ports"));
  return errors;
}

function validateAffinity({ sessionAffinity, sessionAffinityConfig }: ServiceSpec): FieldError[] {
  const seconds = sessionAffinityConfig?.clientIP?.timeoutSeconds;
  if (sessionAffinity !== "ClientIP" || seconds === undefined) return [];
  if (seconds > 0 && seconds <= AFFINITY_SECONDS_MAX) return [];
  const why = `must be greater than 0 and less than ${AFFINITY_SECONDS_MAX}`;
  return [invalid("spec.sessionAffinityConfig.clientIP.timeoutSeconds", seconds, why)];
}

function validateExternalIps({ externalIPs = [] }: ServiceSpec): FieldError[] {
  return externalIPs.flatMap((ip, i) =>
    invalidFor(`spec.externalIPs[${i}]`, ip, validateEndpointIp(ip))
  );
}

function validateBalancer(spec: ServiceSpec): FieldError[] {
  const errors: FieldError[] = [];
  const { externalTrafficPolicy: policy, healthCheckNodePort, type } = spec;
  if (policy && !isReachedFromOutside(spec)) {
    const why = "may only be set for externally-accessible services";
    errors.push(invalid("spec.externalTrafficPolicy", policy, why));
  }
  if (healthCheckNodePort && (type !== "LoadBalancer" || policy !== "Local")) {
    const why =
      "may only be set when `type` is 'LoadBalancer' and `externalTrafficPolicy` is 'Local'";
    errors.push(invalid("spec.healthCheckNodePort", healthCheckNodePort, why));
  }
  if (type === "LoadBalancer") return [...errors, ...validateSources(spec)];
  const why = "may only be used when `type` is 'LoadBalancer'";
  for (const field of BALANCER_FIELDS) {
    if (spec[field] !== undefined) errors.push(forbidden(`spec.${field}`, why));
  }
  return errors;
}

function validateSources({ loadBalancerSourceRanges: ranges = [] }: ServiceSpec): FieldError[] {
  return ranges.flatMap((range, i) =>
    validateCidr(`spec.loadBalancerSourceRanges[${i}]`, range.trim())
  );
}

const BALANCER_FIELDS = [
  "allocateLoadBalancerNodePorts",
  "loadBalancerClass",
  "loadBalancerSourceRanges",
] as const;

/** A service keeps its address while its type has one. */
export function validateServiceUpdate({ spec }: Service, { spec: old }: Service): FieldError[] {
  return [...validateIpsKept(spec, old), ...validateBalancerKept(spec, old)];
}

/** Source: Kubernetes: who balances a service, and where it is asked, stays while it is balanced. */
function validateBalancerKept(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  if (spec.type !== "LoadBalancer" || old.type !== "LoadBalancer") return [];
  const [now, before] = [spec.healthCheckNodePort, old.healthCheckNodePort];
  const isMoved = needsHealthPort(spec) && needsHealthPort(old) && before && now !== before;
  return [
    ...(spec.loadBalancerClass === old.loadBalancerClass ? [] : [
      invalid("spec.loadBalancerClass", spec.loadBalancerClass ?? "", "may not change once set"),
    ]),
    ...(isMoved ? [invalid("spec.healthCheckNodePort", now ?? 0, "field is immutable")] : []),
  ];
}

function validateIpsKept(spec: ServiceSpec, old: ServiceSpec): FieldError[] {
  if (spec.type === "ExternalName" || old.type === "ExternalName") return [];
  const { clusterIPs = [] } = spec;
  const before = old.clusterIPs ?? (old.clusterIP ? [old.clusterIP] : []);
  if (before.length > clusterIPs.length && clusterIPs.length === 0) {
    return [invalid("spec.clusterIPs[0]", clusterIPs, "primary clusterIP can not be unset")];
  }
  return before.flatMap((ip, i) =>
    ip === clusterIPs[i]
      ? []
      : [invalid(`spec.clusterIPs[${i}]`, clusterIPs, "may not change once set")]
  );
}
