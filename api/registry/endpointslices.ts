import {
  type Endpoint,
  ENDPOINT_SLICES,
  type EndpointPort,
  EndpointSlice,
} from "../types/discovery_v1.ts";
import { duplicate, invalid, required, tooMany } from "../types/field_errors.ts";
import { validateDns1123Label, validateDns1123Subdomain } from "../types/names.ts";
import type { FieldError } from "../types/status.ts";
import { text } from "./column_types.ts";
import { invalidFor } from "./field_rules.ts";
import { validateUnchanged } from "./immutable_fields.ts";
import { parseIpv4, validateEndpointIp, validateIp } from "./ip_addresses.ts";
import type { ResourceKind } from "./kind.ts";
import { listWithMore } from "./list_text.ts";

/** Source: Kubernetes, maxEndpoints, maxPorts and maxAddresses of discovery/validation. */
const ENDPOINTS_MAX = 1000;
const PORTS_MAX = 20_000;
const ADDRESSES_MAX = 100;

export const endpointSlices: ResourceKind<EndpointSlice> = {
  resource: ENDPOINT_SLICES,
  schema: EndpointSlice,
  singular: "endpointslice",
  hasStatus: false,
  hasGeneration: true,
  default: (slice) => ({
    ...slice,
    endpoints: slice.endpoints ?? [],
    ...(slice.ports && { ports: slice.ports.map((port) => ({ ...port, name: port.name ?? "" })) }),
  }),
  validate,
  validateUpdate: (next, old) => {
    return validateUnchanged("addressType", next.addressType, old.addressType);
  },
  columns: [
    text("AddressType", "What the addresses are.", ({ addressType }) => addressType),
    text("Ports", "The ports of the endpoints.", ({ ports }) => {
      return listWithMore(
        (ports ?? []).map(({ port, name }) => String(port ?? (name || "*"))),
        "<unset>",
      );
    }),
    text("Endpoints", "Addresses behind the service.", ({ endpoints }) => {
      return listWithMore((endpoints ?? []).flatMap(({ addresses }) => addresses), "<unset>");
    }),
  ],
};

function validate({ addressType, endpoints = [], ports = [] }: EndpointSlice): FieldError[] {
  if (endpoints.length > ENDPOINTS_MAX) {
    return [tooMany("endpoints", endpoints.length, ENDPOINTS_MAX)];
  }
  return [
    ...endpoints.flatMap((endpoint, i) =>
      validateEndpoint(`endpoints[${i}]`, endpoint, addressType)
    ),
    ...validatePorts(ports),
  ];
}

function validateEndpoint(
  field: string,
  { addresses, hostname }: Endpoint,
  type: EndpointSlice["addressType"],
): FieldError[] {
  const at = `${field}.addresses`;
  if (addresses === undefined || addresses.length === 0) {
    return [required(at, "must contain at least 1 address")];
  }
  if (addresses.length > ADDRESSES_MAX) return [tooMany(at, addresses.length, ADDRESSES_MAX)];
  return [
    ...addresses.flatMap((address, i) =>
      invalidFor(`${at}[${i}]`, address, whyNotAddress(address, type))
    ),
    ...(hostname ? invalidFor(`${field}.hostname`, hostname, validateDns1123Label(hostname)) : []),
  ];
}

function whyNotAddress(address: string, type: EndpointSlice["addressType"]): string[] {
  switch (type) {
    case "IPv4":
      if (parseIpv4(address) === undefined) return ["must be a valid IPv4 address"];
      return validateEndpointIp(address);
    case "IPv6":
      return validateIp(address).length > 0 || !address.includes(":")
        ? ["must be a valid IPv6 address"]
        : validateEndpointIp(address);
    case "FQDN":
      return validateDns1123Subdomain(address);
    default:
      return [];
  }
}

function validatePorts(ports: readonly EndpointPort[]): FieldError[] {
  if (ports.length > PORTS_MAX) return [tooMany("ports", ports.length, PORTS_MAX)];
  const seen = new Set<string>();
  return ports.flatMap(({ name = "", port }, i) => {
    const errors = name === ""
      ? []
      : invalidFor(`ports[${i}].name`, name, validateDns1123Label(name));
    if (seen.has(name)) errors.push(duplicate(`ports[${i}].name`, name));
    seen.add(name);
    if (port === undefined || (port >= 1 && port <= 65535)) return errors;
    const why = "must be between 1 and 65535, inclusive";
    return [...errors, invalid(`ports[${i}].port`, port, why)];
  });
}
