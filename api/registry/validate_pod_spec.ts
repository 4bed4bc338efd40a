import type { PodSpec } from "../types/core_v1.ts";
import type { FieldError } from "../types/status.ts";

export function validatePodSpec(_field: string, _spec: PodSpec): FieldError[] {
  return [];
}
