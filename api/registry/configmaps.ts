import { ConfigMap } from "../types/core_v1.ts";
import { forbidden, invalid, tooLong } from "../types/field_errors.ts";
import { validateConfigMapKey } from "../types/names.ts";
import { CONFIG_MAPS } from "../types/resources.ts";
import type { FieldError } from "../types/status.ts";
import { count } from "./column_types.ts";
import { invalidFor } from "./field_rules.ts";
import type { ResourceKind } from "./kind.ts";
import { base64Bytes, DATA_BYTES_MAX, isSameData, textBytes } from "./data_size.ts";

export const configMaps: ResourceKind<ConfigMap> = {
  resource: CONFIG_MAPS,
  schema: ConfigMap,
  singular: "configmap",
  shortNames: ["cm"],
  hasStatus: false,
  validate,
  validateUpdate,
  columns: [
    count("Data", "Number of keys.", ({ data = {}, binaryData = {} }) => {
      return Object.keys(data).length + Object.keys(binaryData).length;
    }),
  ],
};

function validate({ data = {}, binaryData = {} }: ConfigMap): FieldError[] {
  const errors = [...validateKeys("data", data), ...validateKeys("binaryData", binaryData)];
  for (const key of Object.keys(data)) {
    if (key in binaryData) {
      errors.push(invalid(`data[${key}]`, key, "duplicate of key present in binaryData"));
    }
  }
  const texts = Object.values(data).reduce((sum, value) => sum + textBytes(value), 0);
  const blobs = Object.values(binaryData).reduce((sum, value) => sum + base64Bytes(value), 0);
  return texts + blobs > DATA_BYTES_MAX ? [...errors, tooLong("data", DATA_BYTES_MAX)] : errors;
}

function validateKeys(field: string, data: Readonly<Record<string, string>>): FieldError[] {
  return Object.keys(data).flatMap((key) =>
    invalidFor(`${field}[${key}]`, key, validateConfigMapKey(key))
  );
}

function validateUpdate(configMap: ConfigMap, old: ConfigMap): FieldError[] {
  if (!old.immutable) return [];
  const why = "field is immutable when `immutable` is set";
  return [
    ...(configMap.immutable ? [] : [forbidden("immutable", why)]),
    ...(isSameData(configMap.data, old.data) ? [] : [forbidden("data", why)]),
    ...(isSameData(configMap.binaryData, old.binaryData) ? [] : [forbidden("binaryData", why)]),
  ];
}
