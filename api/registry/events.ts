import { Event } from "../types/core_v1.ts";
import { invalid } from "../types/field_errors.ts";
import { EVENTS } from "../types/resources.ts";
import type { FieldError } from "../types/status.ts";
import { text, wideText } from "./column_types.ts";
import { ageAt } from "./human_duration.ts";
import type { ResourceKind } from "./kind.ts";

export const events: ResourceKind<Event> = {
  resource: EVENTS,
  schema: Event,
  singular: "event",
  shortNames: ["ev"],
  hasStatus: false,
  createsOnUpdate: true,
  dependents: "none",
  validate,
  hasWholeTable: true,
  columns: [
    text("Last Seen", "Time since it happened last.", (event, now) => ageAt(now, lastSeen(event))),
    text("Type", "Normal or Warning.", ({ type }) => type ?? ""),
    text("Reason", "Why it happened, in one word.", ({ reason }) => reason ?? ""),
    text("Object", "What it happened to.", objectOf),
    wideText(
      "Subobject",
      "The part of the object.",
      ({ involvedObject }) => involvedObject.fieldPath ?? "",
    ),
    wideText("Source", "Who reports it.", sourceOf),
    text("Message", "What happened, for people.", ({ message }) => (message ?? "").trim()),
    wideText(
      "First Seen",
      "Time since it happened first.",
      (event, now) => ageAt(now, firstSeen(event)),
    ),
    {
      name: "Count",
      type: "integer",
      priority: 1,
      description: "How often it happened.",
      cell: ({ count, series }) => series?.count ?? (count || 1),
    },
    wideText("Name", "Name of the event.", ({ metadata }) => metadata.name),
  ],
  selectableFields: {
    "involvedObject.kind": ({ involvedObject }) => involvedObject.kind ?? "",
    "involvedObject.namespace": ({ involvedObject }) => involvedObject.namespace ?? "",
    "involvedObject.name": ({ involvedObject }) => involvedObject.name ?? "",
    "involvedObject.uid": ({ involvedObject }) => involvedObject.uid ?? "",
    "involvedObject.apiVersion": ({ involvedObject }) => involvedObject.apiVersion ?? "",
    "involvedObject.resourceVersion": ({ involvedObject }) => involvedObject.resourceVersion ?? "",
    "involvedObject.fieldPath": ({ involvedObject }) => involvedObject.fieldPath ?? "",
    reason: ({ reason }) => reason ?? "",
    reportingComponent: ({ reportingComponent }) => reportingComponent ?? "",
    source: ({ source, reportingComponent }) => source?.component || (reportingComponent ?? ""),
    type: ({ type }) => type ?? "",
  },
};

function firstSeen({ firstTimestamp, eventTime }: Event): string | undefined {
  return firstTimestamp ?? eventTime;
}

function lastSeen(event: Event): string | undefined {
  return event.series?.lastObservedTime ?? event.lastTimestamp ?? firstSeen(event);
}

function objectOf({ involvedObject: { kind = "", name } }: Event): string {
  return name ? `${kind.toLowerCase()}/${name}` : kind.toLowerCase();
}

function sourceOf({ source, reportingComponent, reportingInstance }: Event): string {
  const component = source?.component || (reportingComponent ?? "");
  const host = source?.host || reportingInstance;
  return host ? `${component}, ${host}` : component;
}

/** An event lives in the namespace of its object, and in `default` for objects without one. */
function validate({ metadata, involvedObject }: Event): FieldError[] {
  const about = involvedObject?.namespace ?? "";
  if (metadata.namespace === (about || "default")) return [];
  return [invalid("involvedObject.namespace", about, "does not match event.namespace")];
}
