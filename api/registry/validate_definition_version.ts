import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinitionVersion,
  CustomResourceSubresourceScale,
  SelectableField,
} from "../types/apiextensions_v1.ts";
import { invalid, notSupported, required } from "../types/field_errors.ts";
import { validateDns1035Label } from "../types/names.ts";
import type { FieldError } from "../types/status.ts";
import { parseJsonPath } from "./structural/json_path.ts";
import { propertiesOf, type Structural } from "./structural/schema_nodes.ts";
import { validateStructural } from "./structural/validate_structural.ts";

const COLUMN_TYPES = ["boolean", "date", "integer", "number", "string"];
const COLUMN_FORMATS = [
  "byte",
  "date",
  "date-time",
  "double",
  "float",
  "int32",
  "int64",
  "password",
];
/** Source: apiextensions-apiserver, MaxSelectableFields. */
const SELECTABLE_FIELDS_MAX = 8;

export function validateDefinitionVersion(
  version: CustomResourceDefinitionVersion,
  at: string,
): FieldError[] {
  const { name = "", schema, additionalPrinterColumns = [], selectableFields = [] } = version;
  const wrong = name === "" ? [] : validateDns1035Label(name);
  const structural = schema?.openAPIV3Schema;
  return [
    ...(wrong.length === 0 ? [] : [invalid(`${at}.name`, name, wrong.join(","))]),
    ...validateWarning(version, at),
    ...(structural === undefined
      ? [required(`${at}.schema.openAPIV3Schema`, "schemas are required")]
      : validateStructural(structural, `${at}.schema.openAPIV3Schema`)),
    ...validateScale(version.subresources?.scale, `${at}.subresources.scale`),
    ...additionalPrinterColumns.flatMap((column, i) =>
      validateColumn(column, `${at}.additionalPrinterColumns[${i}]`)
    ),
    ...validateSelectable(selectableFields, structural ?? {}, `${at}.selectableFields`),
  ];
}

function validateWarning(version: CustomResourceDefinitionVersion, at: string): FieldError[] {
  const { deprecated, deprecationWarning } = version;
  if (deprecationWarning === undefined || deprecated) return [];
  const why = "can only be set for deprecated versions";
  return [invalid(`${at}.deprecationWarning`, deprecationWarning, why)];
}

function validateColumn(column: CustomResourceColumnDefinition, at: string): FieldError[] {
  const { type = "", format = "", jsonPath = "" } = column;
  return [
    ...(type === "" || COLUMN_TYPES.includes(type)
      ? []
      : [invalid(`${at}.type`, type, `must be one of ${COLUMN_TYPES.join(",")}`)]),
    ...(format === "" || COLUMN_FORMATS.includes(format)
      ? []
      : [invalid(`${at}.format`, format, `must be one of ${COLUMN_FORMATS.join(",")}`)]),
    ...validatePath(`${at}.jsonPath`, jsonPath),
  ];
}

function validatePath(field: string, path: string): FieldError[] {
  if (path === "") return [];
  if (!path.startsWith(".")) {
    return [invalid(field, path, "must be a simple json path starting with .")];
  }
  return parseJsonPath(path) === undefined ? [invalid(field, path, "is an invalid JSON path")] : [];
}

function validateScale(
  scale: CustomResourceSubresourceScale | undefined,
  at: string,
): FieldError[] {
  if (scale === undefined) return [];
  const below = (
    field: string,
    path: string | undefined,
    roots: readonly string[],
    why: string,
  ) => {
    if (!path) return [];
    const errors = validatePath(`${at}.${field}`, path);
    const isPlain = parseJsonPath(path)?.names !== undefined;
    const isBelow = isPlain && roots.some((root) => path.startsWith(root));
    return isBelow || errors.length > 0 ? errors : [invalid(`${at}.${field}`, path, why)];
  };
  const { specReplicasPath, statusReplicasPath, labelSelectorPath } = scale;
  const either = [".spec.", ".status."];
  return [
    ...below("specReplicasPath", specReplicasPath, [".spec."], "should be a json path under .spec"),
    ...below(
      "statusReplicasPath",
      statusReplicasPath,
      [".status."],
      "should be a json path under .status",
    ),
    ...below(
      "labelSelectorPath",
      labelSelectorPath,
      either,
      "should be a json path under either .status or .spec",
    ),
  ];
}

function validateSelectable(
  fields: readonly SelectableField[],
  schema: Structural,
  at: string,
): FieldError[] {
  if (fields.length > SELECTABLE_FIELDS_MAX) {
    const why = `may not have more than ${SELECTABLE_FIELDS_MAX} items`;
    return [invalid(at, fields.length, why)];
  }
  return fields.flatMap(({ jsonPath = "" }, i) => {
    const field = `${at}[${i}].jsonPath`;
    const names = parseJsonPath(jsonPath)?.names;
    if (names === undefined) return [invalid(field, jsonPath, "is an invalid JSON path")];
    const type = typeAt(schema, names);
    if (type === undefined) {
      return [invalid(field, jsonPath, "is an invalid path: does not refer to a valid field")];
    }
    return ["string", "boolean", "integer"].includes(type)
      ? []
      : [notSupported(field, type, ["boolean", "integer", "string"])];
  });
}

function typeAt(schema: Structural, [name, ...rest]: readonly string[]): string | undefined {
  if (name === undefined) return schema.type;
  const below = propertiesOf(schema).find(([property]) => property === name)?.[1];
  return below && typeAt(below, rest);
}
