import type { Service } from "../types/core_v1.ts";
import type { FieldError } from "../types/status.ts";

export function validateService(_service: Service): FieldError[] {
  return [];
}

export function validateServiceUpdate(_service: Service, _old: Service): FieldError[] {
  return [];
}
