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
} from "./schema.ts";
import { ObjectMeta, TYPE_META } from "./meta.ts";
import { EventSource, ObjectReference } from "./core_v1.ts";
import type { Resource } from "./resources.ts";

const message = messagesOf("io.k8s.api.events.v1");

export const EventSeries = message("EventSeries", {
  count: required(1, int32),
  lastObservedTime: required(2, microTime),
});
export interface EventSeries extends Infer<typeof EventSeries> {}

/** The `deprecated…` fields hold what core/v1 calls by the name without the prefix. */
export const Event = message("Event", {
  ...TYPE_META,
  action: optional(6, string),
  deprecatedCount: optional(15, int32),
  deprecatedFirstTimestamp: optional(13, time),
  deprecatedLastTimestamp: optional(14, time),
  deprecatedSource: optional(12, EventSource),
  eventTime: required(2, microTime),
  metadata: always(1, ObjectMeta),
  note: optional(10, string),
  reason: optional(7, string),
  regarding: optional(8, ObjectReference),
  related: optional(9, ObjectReference),
  reportingController: optional(4, string),
  reportingInstance: optional(5, string),
  series: optional(3, EventSeries),
  type: optional(11, string),
}, { description: "Something that happened to an object." });
export interface Event extends Infer<typeof Event> {}

/** The same objects as the events of core/v1, under newer names. */
export const EVENTS_V1: Resource<Event> = {
  apiVersion: "events.k8s.io/v1",
  kind: "Event",
  resource: "events",
  isNamespaced: true,
};
