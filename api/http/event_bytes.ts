import type { KubeObject } from "../types/meta.ts";
import { type StatusError, toStatus } from "../types/status.ts";
import type { StoreEvent } from "../../store/store.ts";
import type { AnyKind } from "../registry/kind.ts";
import type { Selection } from "../registry/selection.ts";
import { Status as STATUS } from "./openapi_messages.ts";
import type { Rendering, Shown } from "./rendering.ts";

export type WatchEventType = "ADDED" | "MODIFIED" | "DELETED";

/** One line of a watch. */
export function eventLine(type: WatchEventType, shown: Shown, rendering: Rendering): Uint8Array {
  return rendering.wire.event(type, rendering.one(shown));
}

/** What an event is to a watch of a selection: a change may bring an object into view or take it out. */
export function eventTypeFor(
  { type, current, previous }: StoreEvent,
  selection: Selection,
): WatchEventType | undefined {
  const sees = (shown: Shown | undefined) =>
    shown !== undefined && (selection.isEverything || selection.matches(shown.object));
  const wasSeen = sees(previous);
  if (type === "DELETE") return wasSeen ? "DELETED" : undefined;
  if (sees(current)) return wasSeen ? "MODIFIED" : "ADDED";
  return wasSeen ? "DELETED" : undefined;
}

/** An event of the store and its lines, each made once for all watchers that get it. */
export class SharedEvent {
  readonly #lines = new Map<string, Uint8Array>();
  constructor(readonly event: StoreEvent) {}

  line(type: WatchEventType, rendering: Rendering): Uint8Array {
    const key = `${type} ${rendering.text}`;
    const known = this.#lines.get(key);
    if (known !== undefined) return known;
    const line = eventLine(type, shownIn(this.event, type), rendering);
    this.#lines.set(key, line);
    return line;
  }
}

/** What left the selection is shown as it was when it was in it, at the revision of its leaving. */
export function shownIn(event: StoreEvent, type: WatchEventType): Shown {
  if (type !== "DELETED" || event.type === "DELETE") return event.current;
  const { object } = event.previous ?? event.current;
  const metadata = { ...object.metadata, resourceVersion: String(event.revision) };
  return { object: { ...object, metadata } };
}

/** Tells the client how far it has come. `isInitialEnd` closes the state that a watch-list sends first. */
export function bookmarkLine(
  { resource }: AnyKind,
  rendering: Rendering,
  revision: number,
  isInitialEnd = false,
): Uint8Array {
  const annotations = isInitialEnd && { annotations: { "k8s.io/initial-events-end": "true" } };
  const { kind, apiVersion } = resource;
  const metadata = { resourceVersion: String(revision), creationTimestamp: null, ...annotations };
  const object = { kind, apiVersion, metadata } as unknown as KubeObject;
  return rendering.wire.event("BOOKMARK", rendering.bare(object));
}

export function errorLine(error: StatusError, { wire }: Rendering): Uint8Array {
  return wire.event("ERROR", wire.object(STATUS, toStatus(error)));
}
