import { PersistentVolumeClaim, type PersistentVolumeClaimSpec } from "../types/core_v1.ts";
import { forbidden, invalid, required } from "../types/field_errors.ts";
import { validateDns1123Subdomain } from "../types/names.ts";
import { compareQuantities } from "../types/quantity.ts";
import { PERSISTENT_VOLUME_CLAIMS } from "../types/resources.ts";
import type { FieldError } from "../types/status.ts";
import { text, wideText } from "./column_types.ts";
import { invalidFor } from "./field_rules.ts";
import type { ResourceKind } from "./kind.ts";
import { validateLabelSelector } from "./label_selectors.ts";
import { isSameJson } from "./same_json.ts";
import { statusView } from "./status_view.ts";
import { accessModesText, classOf, phaseText, validateAccessModes } from "./volume_claims.ts";

type Claim = PersistentVolumeClaim;

export const persistentVolumeClaims: ResourceKind<Claim> = {
  resource: PERSISTENT_VOLUME_CLAIMS,
  schema: PersistentVolumeClaim,
  singular: "persistentvolumeclaim",
  shortNames: ["pvc"],
  hasStatus: true,
  returnsDeleted: true,
  prepareForCreate: (claim) => ({ ...claim, status: { phase: "Pending" } }),
  validate: ({ spec }) => validateClaimSpec("spec", spec),
  validateUpdate,
  columns: [
    text("Status", "Where the claim is in its life.", phaseText),
    text("Volume", "The volume that it is bound to.", ({ spec }) => spec.volumeName ?? ""),
    text("Capacity", "Size of the volume.", ({ spec, status }) => {
      return spec.volumeName ? status?.capacity?.["storage"] ?? "0" : "";
    }),
    text("Access Modes", "Who may mount the volume, and how.", ({ spec, status }) => {
      return spec.volumeName ? accessModesText(status?.accessModes) : "";
    }),
    text("StorageClass", "The storage class asked for.", classOf),
    text("VolumeAttributesClass", "The class of attributes asked for.", ({ spec }) => {
      return spec.volumeAttributesClassName ?? "<unset>";
    }),
    wideText("VolumeMode", "Filesystem or Block.", ({ spec }) => spec.volumeMode ?? "<unset>"),
  ],
  subresources: { status: statusView(PERSISTENT_VOLUME_CLAIMS, PersistentVolumeClaim) },
};

function validateClaimSpec(field: string, spec: PersistentVolumeClaimSpec): FieldError[] {
  const { accessModes = [], selector, resources, storageClassName } = spec;
  const errors = validateAccessModes(`${field}.accessModes`, accessModes);
  if (accessModes.length === 0) {
    errors.push(required(`${field}.accessModes`, "at least 1 access mode is required"));
  }
  errors.push(...validateLabelSelector(`${field}.selector`, selector));
  const size = resources?.requests?.["storage"];
  const at = `${field}.resources[storage]`;
  if (size === undefined) errors.push(required(at));
  else if (compareQuantities(size, "0") <= 0) {
    errors.push(invalid(at, size, "must be greater than zero"));
  }
  if (!storageClassName) return errors;
  const wrong = validateDns1123Subdomain(storageClassName);
  return [...errors, ...invalidFor(`${field}.storageClassName`, storageClassName, wrong)];
}

const FIXED = "spec is immutable after creation except resources.requests and " +
  "volumeAttributesClassName for bound claims";

type Spec = PersistentVolumeClaimSpec;

/** A volume is bound once; the size of a bound claim may grow. */
function validateUpdate({ spec }: Claim, { spec: old, status }: Claim): FieldError[] {
  const isBinding = old.volumeName === undefined && spec.volumeName !== undefined;
  // one that asks for the default class gets it when there is one
  const isClassed = old.storageClassName === undefined && old.volumeName === undefined;
  const fixed = (
    { resources: _r, volumeAttributesClassName: _v, volumeName, storageClassName, ...rest }: Spec,
  ) => ({
    ...rest,
    ...(!isClassed && storageClassName !== undefined && { storageClassName }),
    ...(!isBinding && volumeName !== undefined && { volumeName }),
  });
  if (!isSameJson(fixed(spec), fixed(old))) return [forbidden("spec", FIXED)];
  const size = ({ resources }: Spec) => resources?.requests?.["storage"] ?? "0";
  const growth = compareQuantities(size(spec), size(old));
  if (growth === 0) return [];
  if (status?.phase !== "Bound") return [forbidden("spec", FIXED)];
  if (growth > 0 || compareQuantities(size(spec), status.capacity?.["storage"] ?? size(old)) >= 0) {
    return [];
  }
  const why = "field can not be less than status.capacity";
  return [forbidden("spec.resources.requests.storage", why)];
}
