import {
  always,
  type Infer,
  int32,
  messagesOf,
  microTime,
  optional,
  required,
  string,
  time,
} from "../schema.ts";
import { ObjectMeta, TYPE_META } from "../meta.ts";
import { ObjectReference } from "./references.ts";

const message = messagesOf("io.k8s.api.core.v1");

export const EventSeries = message("EventSeries", {
  count: optional(1, int32),
  lastObservedTime: optional(2, microTime),
});
export interface EventSeries extends Infer<typeof EventSeries> {}

export const EventSource = message("EventSource", {
  component: optional(1, string),
  host: optional(2, string),
});
export interface EventSource extends Infer<typeof EventSource> {}

export const Event = message("Event", {
  ...TYPE_META,
  action: optional(12, string),
  count: optional(8, int32),
  eventTime: optional(10, microTime),
  firstTimestamp: optional(6, time),
  involvedObject: required(2, ObjectReference),
  lastTimestamp: optional(7, time),
  message: optional(4, string),
  metadata: always(1, ObjectMeta),
  reason: optional(3, string),
  related: optional(13, ObjectReference),
  reportingComponent: optional(14, string),
  reportingInstance: optional(15, string),
  series: optional(11, EventSeries),
  source: optional(5, EventSource),
  type: optional(9, string),
});
export interface Event extends Infer<typeof Event> {}
