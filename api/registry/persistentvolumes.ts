import { PersistentVolume, type PersistentVolumeSpec } from "../types/core_v1.ts";
import { forbidden, invalid, required } from "../types/field_errors.ts";
import { validateDns1123Subdomain } from "../types/names.ts";
import { compareQuantities } from "../types/quantity.ts";
import { PERSISTENT_VOLUMES } from "../types/resources.ts";
import type { FieldError } from "../types/status.ts";
import { text, wideText } from "./column_types.ts";
import { invalidFor } from "./field_rules.ts";
import { validateUnchanged } from "./immutable_fields.ts";
import type { ResourceKind } from "./kind.ts";
import { isSameJson } from "./same_json.ts";
import { statusView } from "./status_view.ts";
import { accessModesText, classOf, phaseText, validateAccessModes } from "./volume_claims.ts";

export const persistentVolumes: ResourceKind<PersistentVolume> = {
  resource: PERSISTENT_VOLUMES,
  schema: PersistentVolume,
  singular: "persistentvolume",
  shortNames: ["pv"],
  hasStatus: true,
  returnsDeleted: true,
  prepareForCreate: (volume, { now }) => ({
    ...volume,
    status: { phase: "Pending", lastPhaseTransitionTime: now },
  }),
  validate,
  validateUpdate,
  columns: [
    text("Capacity", "Size of the volume.", ({ spec }) => spec.capacity?.["storage"] ?? ""),
    text(
      "Access Modes",
      "Who may mount it, and how.",
      ({ spec }) => accessModesText(spec.accessModes),
    ),
    text("Reclaim Policy", "What happens to it after its claim.", ({ spec }) => {
      return spec.persistentVolumeReclaimPolicy ?? "";
    }),
    text("Status", "Where it is in its life.", phaseText),
    text("Claim", "The claim that it is bound to.", ({ spec: { claimRef } }) => {
      return claimRef === undefined ? "" : `${claimRef.namespace ?? ""}/${claimRef.name ?? ""}`;
    }),
    text("StorageClass", "Its storage class.", classOf),
    text("VolumeAttributesClass", "Its class of attributes.", ({ spec }) => {
      return spec.volumeAttributesClassName ?? "<unset>";
    }),
    text("Reason", "Why it is where it is.", ({ status }) => status?.reason ?? ""),
    wideText("VolumeMode", "Filesystem or Block.", ({ spec }) => spec.volumeMode ?? "<unset>"),
  ],
  subresources: { status: statusView(PERSISTENT_VOLUMES, PersistentVolume) },
};

/** Fields of the spec that are no volume. */
const NO_SOURCE: ReadonlySet<string> = new Set([
  ...["accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity"],
  ...["persistentVolumeReclaimPolicy", "storageClassName", "volumeAttributesClassName"],
  "volumeMode",
]);

function sourceOf(spec: PersistentVolumeSpec): Record<string, unknown> {
  return Object.fromEntries(Object.entries(spec).filter(([name]) => !NO_SOURCE.has(name)));
}

function validate({ spec }: PersistentVolume): FieldError[] {
  const { accessModes = [], capacity, storageClassName, hostPath } = spec;
  const errors = validateAccessModes("spec.accessModes", accessModes);
  if (accessModes.length === 0) errors.push(required("spec.accessModes"));
  if (capacity === undefined || Object.keys(capacity).length === 0) {
    errors.push(required("spec.capacity"));
  }
  for (const [name, amount] of Object.entries(capacity ?? {})) {
    if (compareQuantities(amount, "0") > 0) continue;
    errors.push(invalid(`spec.capacity[${name}]`, amount, "must be greater than zero"));
  }
  errors.push(...validateSource(spec));
  if (hostPath?.path === "/" && spec.persistentVolumeReclaimPolicy === "Recycle") {
    const why = "may not be 'recycle' for a hostPath mount of '/'";
    errors.push(forbidden("spec.persistentVolumeReclaimPolicy", why));
  }
  if (!storageClassName) return errors;
  const wrong = validateDns1123Subdomain(storageClassName);
  return [...errors, ...invalidFor("spec.storageClassName", storageClassName, wrong)];
}

function validateSource(spec: PersistentVolumeSpec): FieldError[] {
  const sources = Object.keys(sourceOf(spec));
  if (sources.length === 0) return [required("spec", "must specify a volume type")];
  const errors = sources.slice(1).map((name) =>
    forbidden(`spec.${name}`, "may not specify more than 1 volume type")
  );
  if (spec.local !== undefined && spec.nodeAffinity === undefined) {
    errors.push(required("spec.nodeAffinity", "Local volume requires node affinity"));
  }
  return errors;
}

function validateUpdate({ spec }: PersistentVolume, { spec: old }: PersistentVolume): FieldError[] {
  const errors: FieldError[] = [];
  if (!isSameJson(sourceOf(spec), sourceOf(old))) {
    const why = "spec.persistentvolumesource is immutable after creation";
    errors.push(forbidden("spec.persistentvolumesource", why));
  }
  errors.push(...validateUnchanged("spec.volumeMode", spec.volumeMode, old.volumeMode));
  if (old.nodeAffinity === undefined) return errors;
  return [
    ...errors,
    ...validateUnchanged("spec.nodeAffinity", spec.nodeAffinity, old.nodeAffinity),
  ];
}
