import { type EndpointAddress, Endpoints, type EndpointSubset } from "../types/core_v1.ts";
import { required } from "../types/field_errors.ts";
import { validateDns1123Label, validateDns1123Subdomain } from "../types/names.ts";
import { ENDPOINTS } from "../types/resources.ts";
import type { FieldError } from "../types/status.ts";
import { text } from "./column_types.ts";
import { invalidFor, validatePort } from "./field_rules.ts";
import { validateEndpointIp } from "./ip_addresses.ts";
import type { ResourceKind } from "./kind.ts";

/** Addresses that the column names before it counts the rest. Source: kubectl's endpoints printer. */
const SHOWN_MAX = 3;

export const endpoints: ResourceKind<Endpoints> = {
  resource: ENDPOINTS,
  schema: Endpoints,
  singular: "endpoints",
  shortNames: ["ep"],
  hasStatus: false,
  createsOnUpdate: true,
  validate: ({ subsets = [] }) =>
    subsets.flatMap((subset, i) => validateSubset(subset, `subsets[${i}]`)),
  columns: [text("Endpoints", "Ready addresses with their ports.", endpointsText)],
};

function endpointsText({ subsets = [] }: Endpoints): string {
  if (subsets.length === 0) return "<none>";
  const all = subsets.flatMap(({ addresses = [], ports = [] }) =>
    ports.length === 0
      ? addresses.map(({ ip }) => ip)
      : ports.flatMap(({ port }) => addresses.map(({ ip }) => hostPort(ip, port)))
  );
  const shown = all.slice(0, SHOWN_MAX).join(",");
  return all.length > SHOWN_MAX ? `${shown} + ${all.length - SHOWN_MAX} more...` : shown;
}

function hostPort(ip: string, port: number): string {
  return ip.includes(":") ? `[${ip}]:${port}` : `${ip}:${port}`;
}

function validateSubset(subset: EndpointSubset, path: string): FieldError[] {
  const { addresses = [], notReadyAddresses = [], ports = [] } = subset;
  const errors: FieldError[] = [];
  if (addresses.length + notReadyAddresses.length === 0) {
    errors.push(required(path, "must specify `addresses` or `notReadyAddresses`"));
  }
  errors.push(...validateAddresses(addresses, `${path}.addresses`));
  errors.push(...validateAddresses(notReadyAddresses, `${path}.notReadyAddresses`));
  for (const [i, { name, port }] of ports.entries()) {
    const at = `${path}.ports[${i}]`;
    if (!name && ports.length > 1) errors.push(required(`${at}.name`));
    if (name) errors.push(...invalidFor(`${at}.name`, name, validateDns1123Label(name)));
    errors.push(...validatePort(`${at}.port`, port));
  }
  return errors;
}

function validateAddresses(addresses: readonly EndpointAddress[], path: string): FieldError[] {
  return addresses.flatMap(({ ip, hostname, nodeName }, i) => {
    const at = `${path}[${i}]`;
    return [
      ...(ip ? invalidFor(`${at}.ip`, ip, validateEndpointIp(ip)) : []),
      ...(hostname ? invalidFor(`${at}.hostname`, hostname, validateDns1123Label(hostname)) : []),
      ...(nodeName
        ? invalidFor(`${at}.nodeName`, nodeName, validateDns1123Subdomain(nodeName))
        : []),
    ];
  });
}
