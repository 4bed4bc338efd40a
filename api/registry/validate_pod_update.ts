import type { Pod } from "../types/core_v1.ts";
import type { FieldError } from "../types/status.ts";

export function validatePodUpdate(_pod: Pod, _old: Pod): FieldError[] {
  return [];
}
