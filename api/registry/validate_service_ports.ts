import type { ServicePort, ServiceSpec } from "../types/core_v1.ts";
import { duplicate, forbidden, notSupported, required } from "../types/field_errors.ts";
import { validateQualifiedName } from "../types/names.ts";
import type { FieldError } from "../types/status.ts";
import {
  invalidFor,
  validateDnsLabel,
  validatePort,
  validatePortOrName,
  validateUnique,
} from "./field_rules.ts";
import { mayHaveNodePorts } from "./service_defaults.ts";

const at = (i: number) => `spec.ports[${i}]`;

/** Several ports are told apart by their names. */
export function validateServicePorts(spec: ServiceSpec): FieldError[] {
  const { ports = [], type = "ClusterIP" } = spec;
  const nodePorts = mayHaveNodePorts(spec) ? ports : [];
  return [
    ...ports.flatMap((port, i) => validateServicePort(port, at(i), ports.length > 1)),
    ...validateUnique(ports.map(({ name }, i) => [`${at(i)}.name`, name])),
    ...validateUniquePorts(ports),
    ...validateUniqueNodePorts(nodePorts),
    ...(mayHaveNodePorts(spec) ? [] : validateNoNodePorts(ports, type)),
  ];
}

function validateServicePort(port: ServicePort, path: string, needsName: boolean): FieldError[] {
  const { name, appProtocol, targetPort } = port;
  return [
    ...(needsName && !name ? [required(`${path}.name`)] : []),
    ...(name ? validateDnsLabel(`${path}.name`, name) : []),
    ...validatePort(`${path}.port`, port.port),
    ...(port.protocol === "SCTP" ? [notSupported(`${path}.protocol`, "SCTP", ["TCP", "UDP"])] : []),
    ...validatePortOrName(`${path}.targetPort`, targetPort),
    ...(appProtocol
      ? invalidFor(`${path}.appProtocol`, appProtocol, validateQualifiedName(appProtocol))
      : []),
  ];
}

function validateUniquePorts(ports: readonly ServicePort[]): FieldError[] {
  const seen = new Set<string>();
  return ports.flatMap(({ port, protocol = "TCP" }, i) => {
    const key = `${protocol}/${port}`;
    if (seen.has(key)) return [duplicate(at(i), { port, protocol })];
    seen.add(key);
    return [];
  });
}

function validateUniqueNodePorts(ports: readonly ServicePort[]): FieldError[] {
  const seen = new Set<string>();
  return ports.flatMap(({ nodePort, protocol = "TCP" }, i) => {
    const key = `${protocol}/${nodePort}`;
    if (!nodePort) return [];
    if (seen.has(key)) return [duplicate(`${at(i)}.nodePort`, nodePort)];
    seen.add(key);
    return [];
  });
}

function validateNoNodePorts(ports: readonly ServicePort[], type: string): FieldError[] {
  const why = `may not be used when \`type\` is '${type}'`;
  return ports.flatMap(({ nodePort }, i) => nodePort ? [forbidden(`${at(i)}.nodePort`, why)] : []);
}
