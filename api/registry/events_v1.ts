import type { Event as CoreEvent } from "../types/core_v1.ts";
import { Event, EVENTS_V1 } from "../types/events_v1.ts";
import { required } from "../types/field_errors.ts";
import type { KubeObject } from "../types/meta.ts";
import { EVENTS, type Resource } from "../types/resources.ts";
import type { FieldError } from "../types/status.ts";
import { convertedInto } from "./converted_store.ts";
import { events } from "./events.ts";
import type { ResourceKind } from "./kind.ts";

/** The events of core/v1 under newer names: the same objects, seen through another type. */
export const eventsV1: ResourceKind<Event> = {
  resource: EVENTS_V1,
  schema: Event,
  singular: "event",
  shortNames: ["ev"],
  hasStatus: false,
  createsOnUpdate: true,
  dependents: "none",
  storedThrough: convertedInto(EVENTS_V1, {
    resource: EVENTS as Resource<KubeObject>,
    toStored: toCore,
    fromStored,
  }),
  validate,
  hasWholeTable: true,
  columns: events.columns.map((column) => ({
    ...column,
    cell: (event, now) => column.cell(toCore(event), now),
  })),
  selectableFields: {
    "regarding.kind": ({ regarding }) => regarding?.kind ?? "",
    "regarding.namespace": ({ regarding }) => regarding?.namespace ?? "",
    "regarding.name": ({ regarding }) => regarding?.name ?? "",
    "regarding.uid": ({ regarding }) => regarding?.uid ?? "",
    "regarding.apiVersion": ({ regarding }) => regarding?.apiVersion ?? "",
    "regarding.resourceVersion": ({ regarding }) => regarding?.resourceVersion ?? "",
    "regarding.fieldPath": ({ regarding }) => regarding?.fieldPath ?? "",
    reason: ({ reason }) => reason ?? "",
    reportingController: ({ reportingController }) => reportingController ?? "",
    type: ({ type }) => type ?? "",
  },
};

function toCore(event: Event): CoreEvent {
  const {
    regarding,
    note,
    reportingController,
    deprecatedSource,
    deprecatedFirstTimestamp,
    deprecatedLastTimestamp,
    deprecatedCount,
    ...same
  } = event;
  return {
    ...same,
    apiVersion: EVENTS.apiVersion,
    involvedObject: regarding ?? {},
    ...(note !== undefined && { message: note }),
    ...(reportingController !== undefined && { reportingComponent: reportingController }),
    ...(deprecatedSource !== undefined && { source: deprecatedSource }),
    ...(deprecatedFirstTimestamp !== undefined && { firstTimestamp: deprecatedFirstTimestamp }),
    ...(deprecatedLastTimestamp !== undefined && { lastTimestamp: deprecatedLastTimestamp }),
    ...(deprecatedCount !== undefined && { count: deprecatedCount }),
  };
}

function fromStored(stored: Readonly<KubeObject>): Event {
  const {
    involvedObject,
    message,
    reportingComponent,
    source,
    firstTimestamp,
    lastTimestamp,
    count,
    ...same
  } = stored as CoreEvent;
  return {
    ...same,
    apiVersion: EVENTS_V1.apiVersion,
    regarding: involvedObject,
    ...(message !== undefined && { note: message }),
    ...(reportingComponent !== undefined && { reportingController: reportingComponent }),
    ...(source !== undefined && { deprecatedSource: source }),
    ...(firstTimestamp !== undefined && { deprecatedFirstTimestamp: firstTimestamp }),
    ...(lastTimestamp !== undefined && { deprecatedLastTimestamp: lastTimestamp }),
    ...(count !== undefined && { deprecatedCount: count }),
  } as Event;
}

/** Stricter than core/v1: who reports what must be said. Source: Kubernetes, core/validation/events.go. */
function validate(event: Event): FieldError[] {
  const { reportingController, reportingInstance, action, reason, type } = event;
  const wanted = { reportingController, reportingInstance, action, reason, type };
  const missing = Object.entries(wanted).filter(([, value]) => !value);
  return [...missing.map(([name]) => required(name)), ...events.validate(toCore(event))];
}
