import { isJsonObject, type JsonObject } from "../types/json.ts";
import type { KubeObject } from "../types/meta.ts";
import type { MessageSchema } from "../types/schema.ts";
import type { Resource } from "../types/resources.ts";
import type { View } from "../../store/store.ts";
import { readConfig } from "./apply/config.ts";
import { type Application, managedAfterFirstApply, planApply } from "./apply/plan_apply.ts";
import { type DecodedObject, decodeObject } from "./decode_object.ts";
import type { AnyKind, Moment, ViewSubresource } from "./kind.ts";
import { type Place, rejectElsewhere } from "./object_meta.ts";
import { type Planned, planUpdate, planViewUpdate } from "./plan_update.ts";

/** Server-side apply, between the machinery of fields and the verbs of a kind. */

/** A request to apply, under the path of an object or of one of its views. */
export interface ApplyRequest {
  readonly json: unknown;
  readonly place: Place;
  readonly manager: string;
  readonly isForced: boolean;
  readonly through?: { readonly name: string; readonly subresource: ViewSubresource<KubeObject> };
}

/** @throws {StatusError} BadRequest for what is no configuration of this kind */
export function applicationOf(kind: AnyKind, request: ApplyRequest, now: string): Application {
  const { json, place, manager, isForced, through } = request;
  const about: { resource: Resource<KubeObject>; schema: MessageSchema } = through?.subresource ??
    kind;
  const { apiVersion, kind: kindName } = about.resource;
  const config = readConfig(about.schema, json, { apiVersion, kind: kindName, ...place });
  rejectElsewhere({ metadata: {}, ...config } as KubeObject, place);
  return {
    config: through === undefined ? ofMain(kind, config) : ofView(through.name, config),
    identity: {
      manager,
      operation: "Apply",
      apiVersion: kind.resource.apiVersion,
      ...(through !== undefined && { subresource: through.name }),
    },
    isForced,
    now,
  };
}

/** Status is applied through its own path. */
function ofMain({ hasStatus }: AnyKind, config: JsonObject): JsonObject {
  if (!hasStatus) return config;
  const { status: _, ...rest } = config;
  return rest;
}

/** A view has one part of the object; of the metadata only what must be true of it counts. */
function ofView(name: string, config: JsonObject): JsonObject {
  const part = name === "status" ? "status" : "spec";
  const metadata = isJsonObject(config["metadata"]) ? config["metadata"] : {};
  const { resourceVersion, uid } = metadata;
  return {
    ...(config[part] !== undefined && { [part]: config[part] }),
    metadata: {
      ...(resourceVersion !== undefined && { resourceVersion }),
      ...(uid !== undefined && { uid }),
    },
  };
}

/** What applying creates where there is nothing yet, and who holds it. */
export function planFirstApply(
  kind: AnyKind,
  application: Application,
  { name }: Place,
  moment: Moment,
): { decoded: DecodedObject; moment: Moment } {
  const { config } = application;
  const metadata = { ...config["metadata"] as JsonObject, name };
  const decoded = decodeObject(kind.resource, kind.schema, { ...config, metadata }, {
    fieldValidation: "Ignore",
  });
  const managedFields = managedAfterFirstApply(kind.schema, application);
  return { decoded, moment: { ...moment, by: { managedFields } } };
}

/** @throws {StatusError} Conflict, Invalid, and whatever admission refuses */
export function planApplication(
  kind: AnyKind,
  application: Application,
  { old, view, subresource }: {
    old: KubeObject;
    view: View;
    subresource?: ViewSubresource<KubeObject> | undefined;
  },
  moment: Moment,
): Planned {
  const { object, managedFields } = planApply(kind.schema, old, application);
  const decided: Moment = { ...moment, by: { managedFields } };
  if (subresource === undefined) {
    const next =
      decodeObject(kind.resource, kind.schema, object, { fieldValidation: "Ignore" }).object;
    return planUpdate(kind, next, old, view, decided);
  }
  const { resource, schema } = subresource;
  const shown = subresource.read(object as unknown as KubeObject);
  const next = decodeObject(resource, schema, shown, { fieldValidation: "Ignore" }).object;
  return planViewUpdate(kind, subresource, next, old, decided);
}
