/** What volumes and the claims to them share. */
import type { KubeObject } from "../types/meta.ts";
import { forbidden } from "../types/field_errors.ts";
import type { FieldError } from "../types/status.ts";

/** The class before there was a field for it. */
const CLASS = "volume.beta.kubernetes.io/storage-class";

type WithClass = KubeObject & { spec: { storageClassName?: string } };

export function classOf({ metadata, spec }: WithClass): string {
  return metadata.annotations?.[CLASS] ?? spec.storageClassName ?? "";
}

type WithPhase = KubeObject & { status?: { phase?: string } };

export function phaseText({ metadata, status }: WithPhase): string {
  return metadata.deletionTimestamp === undefined ? status?.phase ?? "" : "Terminating";
}

/** As kubectl prints them, in this order. */
const MODES = [
  ["ReadWriteOnce", "RWO"],
  ["ReadOnlyMany", "ROX"],
  ["ReadWriteMany", "RWX"],
  ["ReadWriteOncePod", "RWOP"],
] as const;

export function accessModesText(modes: readonly string[] = []): string {
  return MODES.filter(([mode]) => modes.includes(mode)).map(([, short]) => short).join(",");
}

export function validateAccessModes(field: string, modes: readonly string[]): FieldError[] {
  if (!modes.includes("ReadWriteOncePod") || modes.length < 2) return [];
  const why = "may not use ReadWriteOncePod with other access modes";
  return [forbidden(field, why)];
}
