import type { Pod } from "../types/core_v1.ts";
import type { FieldError } from "../types/status.ts";
import { validatePodSpec } from "./validate_pod_spec.ts";

export function validatePod({ spec }: Pod): FieldError[] {
  return validatePodSpec("spec", spec);
}
