import {
  CUSTOM_RESOURCE_DEFINITIONS,
  CustomResourceDefinition,
} from "../types/apiextensions_v1.ts";
import type { View } from "../../store/store.ts";
import {
  CLEANUP_FINALIZER,
  isEstablished,
  withNamesStatus,
  withTerminating,
} from "./definition_status.ts";
import { prefixOf } from "./keys.ts";
import type { Moment, ResourceKind } from "./kind.ts";
import { statusView } from "./status_view.ts";
import { AGE, NAME } from "./columns.ts";
import type { Column } from "./kind.ts";
import type { KubeObject } from "../types/meta.ts";
import { validateDefinition, validateDefinitionUpdate } from "./validate_definition.ts";
import { rulesOf } from "./structural/unheld_rules.ts";

type Definition = CustomResourceDefinition;

/** The kinds that clients declare; `custom_kind.ts` is what becomes of one. */
export const customResourceDefinitions: ResourceKind<Definition> = {
  resource: CUSTOM_RESOURCE_DEFINITIONS,
  schema: CustomResourceDefinition,
  singular: "customresourcedefinition",
  shortNames: ["crd", "crds"],
  categories: ["api-extensions"],
  hasStatus: true,
  hasGeneration: true,
  validateName: () => [],
  default: withDefaultNames,
  prepareForCreate,
  prepareForUpdate: (definition) => definition,
  validate: validateDefinition,
  validateUpdate: validateDefinitionUpdate,
  warn: rulesOf,
  admit: (definition, _old, view, { now }) => ({
    object: withNamesStatus(definition, namesOfOthers(definition, view), now),
  }),
  beginDeletion,
  isGone: () => true,
  hasWholeTable: true,
  columns: [
    NAME,
    {
      name: "Created At",
      type: "date",
      description: AGE.description,
      cell: ({ metadata }) => metadata.creationTimestamp ?? null,
    } satisfies Column<KubeObject>,
  ],
  subresources: { status: statusView(CUSTOM_RESOURCE_DEFINITIONS, CustomResourceDefinition) },
};

function withDefaultNames(definition: Definition): Definition {
  const { spec } = definition;
  const { names } = spec;
  if (names === undefined) return definition;
  const { kind = "" } = names;
  return {
    ...definition,
    spec: {
      ...spec,
      conversion: spec.conversion ?? { strategy: "None" },
      names: {
        ...names,
        ...(kind !== "" && {
          listKind: names.listKind || `${kind}List`,
          singular: names.singular || kind.toLowerCase(),
        }),
      },
    },
  };
}

function prepareForCreate(definition: Definition): Definition {
  const { metadata, status: _, ...rest } = definition;
  const finalizers = new Set([...metadata.finalizers ?? [], CLEANUP_FINALIZER]);
  return { ...rest, metadata: { ...metadata, finalizers: [...finalizers] } };
}

/** Names of the group that are accepted already. */
export function namesOfOthers({ metadata, spec }: Definition, view: Pick<View, "list">) {
  return view.list(prefixOf(CUSTOM_RESOURCE_DEFINITIONS))
    .map(({ object }) => object as Definition)
    .filter((one) => one.spec.group === spec.group && one.metadata.name !== metadata.name)
    .filter(isEstablished)
    .flatMap(({ status }) => status?.acceptedNames ?? []);
}

function beginDeletion(
  definition: Definition,
  _options: unknown,
  { now }: Moment,
): Definition | undefined {
  const { metadata } = definition;
  if (!metadata.finalizers?.length) return undefined;
  if (metadata.deletionTimestamp !== undefined) return definition;
  return withTerminating({ ...definition, metadata: { ...metadata, deletionTimestamp: now } }, now);
}
