import {
  always,
  defaulted,
  type Infer,
  int32,
  list,
  messagesOf,
  oneOf,
  optional,
  required,
  string,
} from "../schema.ts";
import { ObjectMeta, TYPE_META } from "../meta.ts";
import { ObjectReference } from "./references.ts";

const message = messagesOf("io.k8s.api.core.v1");

export const EndpointAddress = message("EndpointAddress", {
  hostname: optional(3, string),
  ip: required(1, string),
  nodeName: optional(4, string),
  targetRef: optional(2, ObjectReference),
}, { isAtomic: true });
export interface EndpointAddress extends Infer<typeof EndpointAddress> {}

export const EndpointPort = message("EndpointPort", {
  appProtocol: optional(4, string),
  name: optional(1, string),
  port: required(2, int32),
  protocol: defaulted(3, oneOf("TCP", "UDP", "SCTP"), "TCP"),
}, { isAtomic: true });
export interface EndpointPort extends Infer<typeof EndpointPort> {}

export const EndpointSubset = message("EndpointSubset", {
  addresses: optional(1, list(EndpointAddress)),
  notReadyAddresses: optional(2, list(EndpointAddress)),
  ports: optional(3, list(EndpointPort)),
});
export interface EndpointSubset extends Infer<typeof EndpointSubset> {}

export const Endpoints = message("Endpoints", {
  ...TYPE_META,
  metadata: always(1, ObjectMeta),
  subsets: optional(2, list(EndpointSubset)),
});
export interface Endpoints extends Infer<typeof Endpoints> {}
