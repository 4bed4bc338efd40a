import { invalid, required } from "../types/field_errors.ts";
import {
  validateDns1035Label,
  validateDns1123Subdomain,
  validatePortName,
} from "../types/names.ts";
import {
  type HTTPIngressPath,
  Ingress,
  type IngressBackend,
  INGRESSES,
  type IngressSpec,
} from "../types/networking_v1.ts";
import type { FieldError } from "../types/status.ts";
import { orNone, text } from "./column_types.ts";
import { invalidFor, validatePort } from "./field_rules.ts";
import type { ResourceKind } from "./kind.ts";
import { listWithMore } from "./list_text.ts";
import { statusView } from "./status_view.ts";
import { validateIngressHost } from "./validate_hosts.ts";

export const ingresses: ResourceKind<Ingress> = {
  resource: INGRESSES,
  schema: Ingress,
  singular: "ingress",
  shortNames: ["ing"],
  hasStatus: true,
  hasGeneration: true,
  prepareForCreate: (ingress) => ({ ...ingress, status: { loadBalancer: {} } }),
  validate: ({ spec }) => validateSpec(spec),
  columns: [
    text("Class", "Who serves the ingress.", ({ spec }) => orNone(spec.ingressClassName)),
    text("Hosts", "The hosts of its rules.", ({ spec: { rules = [] } }) => {
      return listWithMore(rules.flatMap(({ host }) => host ? [host] : []), "*");
    }),
    text("Address", "Where it is reached.", ({ status }) => {
      const points = status?.loadBalancer?.ingress ?? [];
      return [...new Set(points.map(({ ip, hostname }) => ip || hostname || ""))].sort().join(",");
    }),
    text("Ports", "The ports that it takes.", ({ spec }) => spec.tls?.length ? "80, 443" : "80"),
  ],
  subresources: { status: statusView(INGRESSES, Ingress) },
};

function validateSpec(spec: IngressSpec): FieldError[] {
  const { rules = [], defaultBackend, tls = [], ingressClassName } = spec;
  const errors: FieldError[] = [];
  if (rules.length === 0 && defaultBackend === undefined) {
    const why = "either `defaultBackend` or `rules` must be specified";
    errors.push(invalid("spec", rules, why));
  }
  if (defaultBackend !== undefined) {
    errors.push(...validateBackend("spec.defaultBackend", defaultBackend));
  }
  rules.forEach(({ host, http }, i) => {
    const at = `spec.rules[${i}]`;
    errors.push(...validateIngressHost(`${at}.host`, host));
    for (const [n, path] of (http?.paths ?? []).entries()) {
      errors.push(...validatePath(`${at}.http.paths[${n}]`, path));
    }
  });
  tls.forEach(({ hosts = [], secretName }, i) => {
    const at = `spec.tls[${i}]`;
    hosts.forEach((host, n) => errors.push(...validateIngressHost(`${at}.hosts[${n}]`, host)));
    if (!secretName) return;
    const wrong = validateDns1123Subdomain(secretName);
    errors.push(...invalidFor(`${at}.secretName`, secretName, wrong));
  });
  if (!ingressClassName) return errors;
  const wrong = validateDns1123Subdomain(ingressClassName);
  return [...errors, ...invalidFor("spec.ingressClassName", ingressClassName, wrong)];
}

const FORBIDDEN = ["//", "/./", "/../", "%2f", "%2F"];
const FORBIDDEN_ENDS = ["/..", "/."];

function validatePath(
  field: string,
  { path = "", pathType, backend }: HTTPIngressPath,
): FieldError[] {
  const at = `${field}.path`;
  const errors: FieldError[] = [];
  if (!pathType) return [required(`${field}.pathType`, "pathType must be specified")];
  if (path !== "" && !path.startsWith("/")) {
    errors.push(invalid(at, path, "must be an absolute path"));
  }
  if (pathType !== "ImplementationSpecific") {
    if (path === "") errors.push(invalid(at, path, "must be an absolute path"));
    for (const part of FORBIDDEN) {
      if (path.includes(part)) errors.push(invalid(at, path, `must not contain '${part}'`));
    }
    for (const end of FORBIDDEN_ENDS) {
      if (path.endsWith(end)) errors.push(invalid(at, path, `cannot end with '${end}'`));
    }
  }
  if (backend === undefined) return errors;
  return [...errors, ...validateBackend(`${field}.backend`, backend)];
}

function validateBackend(field: string, { service, resource }: IngressBackend): FieldError[] {
  if (resource !== undefined) {
    const why = "cannot set both resource and service backends";
    return service === undefined ? [] : [invalid(field, "", why)];
  }
  if (service === undefined) return [required(field, "resource or service backend is required")];
  const at = `${field}.service`;
  const { name: portName, number = 0 } = service.port ?? {};
  const errors = service.name
    ? invalidFor(`${at}.name`, service.name, validateDns1035Label(service.name))
    : [];
  if (portName && number > 0) {
    return [...errors, invalid(at, "", "cannot set both port name & port number")];
  }
  if (portName) {
    return [...errors, ...invalidFor(`${at}.port.name`, portName, validatePortName(portName))];
  }
  if (number !== 0) return [...errors, ...validatePort(`${at}.port.number`, number)];
  return [...errors, required(at, "port name or number is required")];
}
