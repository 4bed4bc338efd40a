import {
  always,
  boolean,
  defaulted,
  type Infer,
  int32,
  list,
  map,
  messagesOf,
  oneOf,
  optional,
  required,
  string,
} from "./schema.ts";
import { ObjectMeta, TYPE_META } from "./meta.ts";
import { ObjectReference } from "./core_v1.ts";
import type { Resource } from "./resources.ts";

const message = messagesOf("io.k8s.api.discovery.v1");

export const EndpointConditions = message("EndpointConditions", {
  ready: optional(1, boolean, "Takes traffic; absent counts as true."),
  serving: optional(2, boolean, "Ready, even while it ends."),
  terminating: optional(3, boolean),
});
export interface EndpointConditions extends Infer<typeof EndpointConditions> {}

export const ForZone = message("ForZone", {
  name: required(1, string),
});
export interface ForZone extends Infer<typeof ForZone> {}

export const EndpointHints = message("EndpointHints", {
  forZones: optional(1, list(ForZone)),
});
export interface EndpointHints extends Infer<typeof EndpointHints> {}

export const Endpoint = message("Endpoint", {
  addresses: required(1, list(string, { isSet: true })),
  conditions: optional(2, EndpointConditions),
  deprecatedTopology: optional(5, map(string)),
  hints: optional(8, EndpointHints),
  hostname: optional(3, string),
  nodeName: optional(6, string),
  targetRef: optional(4, ObjectReference),
  zone: optional(7, string),
});
export interface Endpoint extends Infer<typeof Endpoint> {}

export const EndpointPort = message("EndpointPort", {
  appProtocol: optional(4, string),
  name: optional(1, string),
  port: optional(3, int32),
  protocol: defaulted(2, oneOf("SCTP", "TCP", "UDP"), "TCP"),
});
export interface EndpointPort extends Infer<typeof EndpointPort> {}

/** A part of the addresses behind a service; `metadata.labels` name the service. */
export const EndpointSlice = message("EndpointSlice", {
  ...TYPE_META,
  addressType: required(
    4,
    oneOf("FQDN", "IPv4", "IPv6"),
    "What the addresses are. It never changes.",
  ),
  endpoints: always(2, list(Endpoint), "At most 1,000."),
  metadata: always(1, ObjectMeta),
  ports: optional(3, list(EndpointPort)),
}, { description: "A part of the addresses behind a service, which its labels name." });
export interface EndpointSlice extends Infer<typeof EndpointSlice> {}

export const ENDPOINT_SLICES: Resource<EndpointSlice> = {
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  resource: "endpointslices",
  isNamespaced: true,
};
