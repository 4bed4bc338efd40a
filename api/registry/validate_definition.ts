import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
} from "../types/apiextensions_v1.ts";
import { forbidden, invalid, notSupported, required } from "../types/field_errors.ts";
import { validateDns1035Label, validateDns1123Subdomain } from "../types/names.ts";
import type { FieldError } from "../types/status.ts";
import { isEstablished } from "./definition_status.ts";
import { validateUnchanged } from "./immutable_fields.ts";
import { validateDefinitionVersion } from "./validate_definition_version.ts";

type Definition = CustomResourceDefinition;

const APPROVAL = "api-approved.kubernetes.io";
const PROTECTED_GROUP = /(^|\.)(k8s|kubernetes)\.io$/;

/** In the words of apiextensions-apiserver, pkg/apis/apiextensions/validation. */
export function validateDefinition(definition: Definition): FieldError[] {
  const { spec } = definition;
  return [
    ...validateName(definition),
    ...validateGroup(definition),
    ...validateVersions(spec),
    ...(spec.names === undefined ? [] : validateNames(spec.names)),
    ...validateConversion(spec),
    ...validateStoredVersions(definition),
  ];
}

function validateName({ metadata, spec }: Definition): FieldError[] {
  const { name } = metadata;
  const wrong = validateDns1123Subdomain(name);
  if (name !== `${spec.names?.plural}.${spec.group}`) {
    wrong.push('must be spec.names.plural+"."+spec.group');
  }
  return name === "" ? [] : wrong.map((why) => invalid("metadata.name", name, why));
}

function validateGroup({ metadata, spec }: Definition): FieldError[] {
  const { group = "" } = spec;
  if (group === "") return [];
  const wrong = validateDns1123Subdomain(group);
  if (wrong.length > 0) return [invalid("spec.group", group, wrong.join(","))];
  if (!group.includes(".")) {
    return [invalid("spec.group", group, "should be a domain with at least one dot")];
  }
  if (!PROTECTED_GROUP.test(group) || metadata.annotations?.[APPROVAL]) return [];
  const why = `protected groups must have approval annotation "${APPROVAL}", ` +
    "see https://github.com/kubernetes/enhancements/pull/1111";
  return [required(`metadata.annotations[${APPROVAL}]`, why)];
}

function validateVersions(spec: CustomResourceDefinitionSpec): FieldError[] {
  const { versions = [], preserveUnknownFields } = spec;
  if (versions.length === 0) return [];
  const names = versions.map(({ name }) => name);
  const stored = versions.filter(({ storage }) => storage).length;
  const errors = versions.flatMap((version, i) =>
    validateDefinitionVersion(version, `spec.versions[${i}]`)
  );
  if (new Set(names).size !== names.length) {
    errors.push(invalid("spec.versions", names, "must contain unique version names"));
  }
  if (stored !== 1) {
    const why = "must have exactly one version marked as storage version";
    errors.push(invalid("spec.versions", names, why));
  }
  if (preserveUnknownFields === true) {
    errors.push(invalid("spec.preserveUnknownFields", true, "must be false"));
  }
  return errors;
}

function validateNames(names: CustomResourceDefinitionNames): FieldError[] {
  const { plural = "", singular = "", kind = "", listKind = "" } = names;
  const { shortNames = [], categories = [] } = names;
  const label = (field: string, value: string) => {
    const wrong = value === "" ? [] : validateDns1035Label(value);
    return wrong.length === 0 ? [] : [invalid(`spec.names.${field}`, value, wrong.join(","))];
  };
  const mixed = (field: string, value: string) => {
    const wrong = value === "" ? [] : validateDns1035Label(value.toLowerCase());
    const why = `may have mixed case, but should otherwise match: ${wrong.join(",")}`;
    return wrong.length === 0 ? [] : [invalid(`spec.names.${field}`, value, why)];
  };
  const errors = [
    ...label("plural", plural),
    ...label("singular", singular),
    ...mixed("kind", kind),
    ...mixed("listKind", listKind),
    ...shortNames.flatMap((name, i) => label(`shortNames[${i}]`, name)),
    ...categories.flatMap((name, i) => label(`categories[${i}]`, name)),
  ];
  if (kind === "" || kind !== listKind) return errors;
  const why = "kind and listKind may not be the same";
  return [...errors, invalid("spec.names.listKind", listKind, why)];
}

/** A definition that needs a webhook to turn one version into another could not be served. */
function validateConversion({ conversion }: CustomResourceDefinitionSpec): FieldError[] {
  if (conversion?.strategy !== "Webhook") return [];
  return [notSupported("spec.conversion.strategy", "Webhook", ["None"])];
}

function validateStoredVersions({ spec, status }: Definition): FieldError[] {
  const names = (spec.versions ?? []).map(({ name }) => name);
  return (status?.storedVersions ?? []).flatMap((name, i) =>
    names.includes(name)
      ? []
      : [invalid(`status.storedVersions[${i}]`, name, "must appear in spec.versions")]
  );
}

/** Where objects may be stored already, their place stays. */
export function validateDefinitionUpdate(next: Definition, old: Definition): FieldError[] {
  const [now, before] = [next.spec, old.spec];
  const place = isEstablished(old)
    ? [
      ...validateUnchanged("spec.scope", now.scope, before.scope),
      ...validateUnchanged("spec.names.kind", now.names?.kind, before.names.kind),
    ]
    : [];
  return [
    ...validateUnchanged("spec.group", now.group, before.group),
    ...validateUnchanged("spec.names.plural", now.names?.plural, before.names.plural),
    ...place,
    ...(next.metadata.deletionTimestamp !== undefined &&
        old.metadata.deletionTimestamp === undefined
      ? [forbidden("metadata.deletionTimestamp", "is set by a deletion")]
      : []),
  ];
}
