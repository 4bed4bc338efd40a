import type { PodSpec } from "../types/core_v1.ts";
import { invalid, required } from "../types/field_errors.ts";
import {
  validateDns1123Label,
  validateDns1123Subdomain,
  validateQualifiedName,
} from "../types/names.ts";
import type { FieldError } from "../types/status.ts";
import { invalidFor, validateLabels, validateRange } from "./field_rules.ts";
import { validateIp } from "./ip_addresses.ts";
import { validateAffinity } from "./validate_affinity.ts";
import { validateContainers } from "./validate_containers.ts";
import { validateTolerations } from "./validate_tolerations.ts";
import { validateVolumes } from "./validate_volumes.ts";

const SECONDS_RANGE = [1, 2147483647] as const;
const ID_RANGE = [0, 2147483647] as const;
/** Source: Kubernetes, MaxDNSNameservers. */
const NAMESERVERS_MAX = 3;

/** A pod's spec, or that of a template, at the path `field`. */
export function validatePodSpec(field: string, spec: PodSpec): FieldError[] {
  return [
    ...validateVolumes(`${field}.volumes`, spec.volumes ?? []),
    ...validateContainers(field, spec),
    ...validateRange(
      `${field}.activeDeadlineSeconds`,
      spec.activeDeadlineSeconds,
      SECONDS_RANGE,
    ),
    ...validateDns(field, spec),
    ...validatePodNames(field, spec),
    ...validateLabels(`${field}.nodeSelector`, spec.nodeSelector),
    ...validateTolerations(`${field}.tolerations`, spec.tolerations ?? []),
    ...validateAffinity(`${field}.affinity`, spec.affinity),
    ...validateNamespaces(field, spec),
    ...validateHostAliases(`${field}.hostAliases`, spec.hostAliases ?? []),
    ...validatePullSecrets(`${field}.imagePullSecrets`, spec.imagePullSecrets ?? []),
    ...(spec.readinessGates ?? []).flatMap(({ conditionType }, i) =>
      conditionType
        ? invalidFor(
          `${field}.readinessGates[${i}].conditionType`,
          conditionType,
          validateQualifiedName(conditionType),
        )
        : []
    ),
  ];
}

function validateDns(field: string, { dnsPolicy, dnsConfig }: PodSpec): FieldError[] {
  const at = `${field}.dnsConfig`;
  const nameservers = dnsConfig?.nameservers ?? [];
  const errors = nameservers.flatMap((ip, i) =>
    invalidFor(`${at}.nameservers[${i}]`, ip, validateIp(ip))
  );
  if (nameservers.length > NAMESERVERS_MAX) {
    const why = `must not have more than ${NAMESERVERS_MAX} nameservers`;
    errors.push(invalid(`${at}.nameservers`, nameservers, why));
  }
  if (dnsPolicy === "None" && nameservers.length === 0) {
    const why = "must provide at least one DNS nameserver when `dnsPolicy` is None";
    errors.push(required(dnsConfig === undefined ? at : `${at}.nameservers`, why));
  }
  return errors;
}

const RULES_OF_NAMES = [
  ["nodeName", validateDns1123Subdomain],
  ["serviceAccountName", validateDns1123Subdomain],
  ["priorityClassName", validateDns1123Subdomain],
  ["runtimeClassName", validateDns1123Subdomain],
  ["schedulerName", validateQualifiedName],
  ["hostname", validateDns1123Label],
  ["subdomain", validateDns1123Label],
] as const;

function validatePodNames(field: string, spec: PodSpec): FieldError[] {
  const errors: FieldError[] = [];
  for (const [name, rule] of RULES_OF_NAMES) {
    const value = spec[name];
    if (value) errors.push(...invalidFor(`${field}.${name}`, value, rule(value)));
  }
  return errors;
}

/** What the pod shares with its node, and as whom it runs. */
function validateNamespaces(field: string, spec: PodSpec): FieldError[] {
  const { runAsUser, runAsGroup, fsGroup } = spec.securityContext ?? {};
  const ids = Object.entries({ runAsUser, runAsGroup, fsGroup }).flatMap(([name, id]) =>
    validateRange(`${field}.securityContext.${name}`, id, ID_RANGE)
  );
  if (!spec.shareProcessNamespace || !spec.hostPID) return ids;
  const why = "ShareProcessNamespace and HostPID cannot both be enabled";
  return [...ids, invalid(`${field}.shareProcessNamespace`, true, why)];
}

function validateHostAliases(
  field: string,
  aliases: NonNullable<PodSpec["hostAliases"]>,
): FieldError[] {
  return aliases.flatMap(({ ip = "", hostnames = [] }, i) => [
    ...invalidFor(`${field}[${i}].ip`, ip, validateIp(ip)),
    ...hostnames.flatMap((name, j) =>
      invalidFor(`${field}[${i}].hostnames[${j}]`, name, validateDns1123Subdomain(name))
    ),
  ]);
}

function validatePullSecrets(
  field: string,
  secrets: NonNullable<PodSpec["imagePullSecrets"]>,
): FieldError[] {
  return secrets.flatMap(({ name }, i) =>
    name ? [] : [required(`${field}[${i}].name`, "must not be empty")]
  );
}
