/** How objects of `kubectl apply` move to server-side apply. Source: apimachinery, lastappliedmanager.go. */
import { isJsonObject, type JsonObject } from "../../types/json.ts";
import type { KubeObject } from "../../types/meta.ts";
import type { AnySchema } from "../../types/schema.ts";
import { compareObjects } from "./compare.ts";
import { difference, EMPTY, type FieldSet } from "./field_set.ts";
import { fieldsOf } from "./fields_of.ts";

export const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";
/** Other managers say with their name that they want none of this. */
export const KUBECTL = "kubectl";
/** Source: apimachinery, TotalAnnotationSizeLimitB. */
const ANNOTATION_SIZE_MAX = 256 * 1024;

/**
 * Fields that a client-side apply said and that still are as it said: no conflict stands against taking them
 * over.
 */
export function lastAppliedFields(schema: AnySchema, live: KubeObject): FieldSet {
  const config = parsed(live.metadata.annotations?.[LAST_APPLIED]);
  if (config === undefined || config["apiVersion"] !== live.apiVersion) return EMPTY;
  const { added, modified, removed } = compareObjects(schema, config, live);
  return [modified, added, removed].reduce(difference, fieldsOf(schema, config));
}

function parsed(text: string | undefined): JsonObject | undefined {
  if (!text) return undefined;
  try {
    const json: unknown = JSON.parse(text);
    return isJsonObject(json) ? json : undefined;
  } catch {
    return undefined;
  }
}

/** The annotation follows what kubectl applies, where there is one: a client-side apply may come next. */
export function withLastApplied(object: JsonObject, config: JsonObject): JsonObject {
  const { metadata } = object;
  const annotations = isJsonObject(metadata) ? metadata["annotations"] : undefined;
  if (!isJsonObject(annotations) || !annotations[LAST_APPLIED]) return object;
  const text = `${JSON.stringify(sortedJson(withoutAnnotation(config)))}\n`;
  const { [LAST_APPLIED]: _, ...others } = annotations;
  const isTooLong = text.length > ANNOTATION_SIZE_MAX;
  const kept = isTooLong ? others : { ...annotations, [LAST_APPLIED]: text };
  return { ...object, metadata: { ...metadata as JsonObject, annotations: kept } };
}

function withoutAnnotation(config: JsonObject): JsonObject {
  const { metadata } = config;
  if (!isJsonObject(metadata) || !isJsonObject(metadata["annotations"])) return config;
  const { [LAST_APPLIED]: _, ...annotations } = metadata["annotations"];
  return { ...config, metadata: { ...metadata, annotations } };
}

function sortedJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortedJson);
  if (!isJsonObject(value)) return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, sortedJson(value[name])]));
}
