import type {
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from "../types/apiextensions_v1.ts";
import type { JsonObject } from "../types/json.ts";
import type { KubeObject } from "../types/meta.ts";
import type { Resource } from "../types/resources.ts";
import type { MessageSchema, Schema, Structure } from "../types/schema.ts";
import type { FieldError } from "../types/status.ts";
import type { Store } from "../../store/store.ts";
import { convertedInto } from "./converted_store.ts";
import { customColumns } from "./custom_columns.ts";
import { customScale } from "./custom_scale.ts";
import type { AnyKind, ResourceKind, Subresource } from "./kind.ts";
import { isSameJson } from "./same_json.ts";
import { statusView } from "./status_view.ts";
import { declareObject } from "./structural/declare_structure.ts";
import { parseJsonPath } from "./structural/json_path.ts";
import { publishObject } from "./structural/publish_structure.ts";
import { type Rules, ruleValidator } from "./structural/rules.ts";
import { structureReader } from "./structural/read_structure.ts";
import type { Structural } from "./structural/schema_nodes.ts";
import { structureValidator } from "./structural/validate_structure.ts";
import { byVersionPriority } from "./version_priority.ts";

type Custom = KubeObject & { status?: unknown };
type CustomSchema = Schema<Custom> & MessageSchema;

/** The kinds that a definition stands for, one for each version that is served, the best version first. */
export function customKinds(
  definition: CustomResourceDefinition,
  rules: Rules,
): readonly AnyKind[] {
  return definition.spec.versions
    .filter(({ served }) => served)
    .toSorted((a, b) => byVersionPriority(a.name, b.name))
    .map((version) => customKind(definition, version, rules));
}

/** One version of a custom kind: everything follows from its definition. */
function customKind(
  definition: CustomResourceDefinition,
  version: CustomResourceDefinitionVersion,
  rules: Rules,
): ResourceKind<Custom> {
  const { names } = definition.spec;
  const resource = resourceOf(definition, version.name);
  const structural = version.schema?.openAPIV3Schema ?? {};
  const schema = schemaOf(resource, structural);
  const validateStructure = structureValidator(withoutMetadata(structural));
  const holds = ruleValidator(structural, rules);
  const validate = (object: Custom) => {
    const errors = validateStructure(withoutMeta(object));
    return errors.length > 0 ? errors : holds?.(withName(object)) ?? [];
  };
  const validateUpdate = (object: Custom, old: Custom) =>
    holds?.(withName(object), withName(old)) ?? [];
  const hasStatus = version.subresources?.status !== undefined;
  const { shortNames, categories } = names;
  return {
    resource,
    schema,
    singular: names.singular || names.kind.toLowerCase(),
    ...(shortNames?.length && { shortNames }),
    ...(categories?.length && { categories }),
    hasStatus,
    hasGeneration: true,
    ...(hasStatus && { prepareForCreate: withoutStatus }),
    validate,
    ...(holds !== undefined && { validateUpdate, ready: () => rules.ready() }),
    hasWholeTable: true,
    columns: customColumns(version.additionalPrinterColumns),
    selectableFields: selectableFields(version),
    subresources: subresourcesOf(resource, schema, version, (object, old) => [
      ...validate(object),
      ...validateUpdate(object, old),
    ]),
    ...deprecationOf(resource, version),
    storedThrough: storedThrough(definition, { resource, schema }),
  };
}

function resourceOf({ spec }: CustomResourceDefinition, version: string): Resource<Custom> {
  return {
    apiVersion: `${spec.group}/${version}`,
    kind: spec.names.kind,
    resource: spec.names.plural,
    isNamespaced: spec.scope === "Namespaced",
    ...(spec.names.listKind && { listKind: spec.names.listKind }),
  };
}

/** In OpenAPI documents: the domain of the group backwards, as `com.example.v1.Widget`. */
function schemaOf({ apiVersion, kind }: Resource<Custom>, structural: Structural): CustomSchema {
  const [group = "", version = ""] = apiVersion.split("/");
  const name = [...group.split(".").reverse(), version, kind].join(".");
  const structure: Structure = {
    read: structureReader(structural),
    publish: (version) => publishObject(structural, version),
  };
  return { ...declareObject(name, structural), structure };
}

/** Metadata has rules of its own, which are those of all kinds; a schema may add to those of its names alone. */
function withoutMetadata({ properties = {}, ...schema }: Structural): Structural {
  const { metadata: _, ...rest } = properties;
  return { ...schema, properties: rest };
}

function withoutMeta({ metadata: _, ...object }: Custom): JsonObject {
  return object;
}

/** Of the metadata, rules see the name alone. */
function withName({ metadata: { name, generateName }, ...object }: Custom): JsonObject {
  const named = { name, ...(generateName !== undefined && { generateName }) };
  return { ...object, metadata: named };
}

function withoutStatus(object: Custom): Custom {
  if (object.status === undefined) return object;
  const { status: _, ...rest } = object;
  return rest;
}

function selectableFields({ selectableFields = [] }: CustomResourceDefinitionVersion) {
  return Object.fromEntries(selectableFields.map(({ jsonPath }) => {
    const path = parseJsonPath(jsonPath);
    const read = (object: Custom) => {
      const [value] = path?.find(object) ?? [];
      return value === undefined || value === null ? "" : String(value);
    };
    return [jsonPath.replace(/^\./, ""), read];
  }));
}

function subresourcesOf(
  resource: Resource<Custom>,
  schema: CustomSchema,
  { subresources = {} }: CustomResourceDefinitionVersion,
  validate: (object: Custom, old: Custom) => FieldError[],
): Record<string, Subresource<Custom>> {
  const { status, scale } = subresources;
  return {
    ...(status !== undefined && { status: statusView(resource, schema, validate) }),
    ...(scale !== undefined && { scale: customScale(scale, validate) }),
  };
}

function deprecationOf(
  { apiVersion, kind }: Resource<Custom>,
  { deprecated, deprecationWarning }: CustomResourceDefinitionVersion,
) {
  if (!deprecated) return {};
  return { deprecation: deprecationWarning ?? `${apiVersion} ${kind} is deprecated` };
}

/**
 * All versions are stored in one. Objects that were written before the definition changed may lack its defaults, or
 * have what it does not know any more.
 */
function storedThrough(
  definition: CustomResourceDefinition,
  { resource, schema }: { resource: Resource<Custom>; schema: CustomSchema },
): (store: Store) => Store {
  const { apiVersion } = resource;
  const storage = definition.spec.versions.find(({ storage }) => storage)?.name ?? "";
  const stored = resourceOf(definition, storage);
  const since = Number(definition.metadata.resourceVersion ?? 0);
  return convertedInto(resource, {
    resource: stored as Resource<KubeObject>,
    toStored: (object) =>
      object.apiVersion === stored.apiVersion
        ? object
        : { ...object, apiVersion: stored.apiVersion },
    fromStored: (object) => shownAs(object, apiVersion, schema),
    ...(stored.apiVersion === apiVersion && { isSame: ({ revision }) => revision > since }),
  });
}

function shownAs(
  object: Readonly<KubeObject>,
  apiVersion: string,
  { structure }: CustomSchema,
): Readonly<KubeObject> {
  const json: JsonObject = { ...object, apiVersion };
  const read = structure!.read(json);
  const shown = { ...read.object, metadata: object.metadata } as unknown as KubeObject;
  return isSameJson(shown, object) ? object : shown;
}
