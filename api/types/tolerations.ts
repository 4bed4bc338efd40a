import type { Taint, Toleration } from "./core_v1.ts";

export function isTolerated(
  taint: Taint,
  { tolerations }: { readonly tolerations?: readonly Toleration[] },
): boolean {
  return tolerations?.some((toleration) => tolerates(toleration, taint)) ?? false;
}

/** An empty key with Exists tolerates everything; an empty effect tolerates each. */
export function tolerates(
  { key = "", operator, value = "", effect }: Toleration,
  taint: Taint,
): boolean {
  if (effect && effect !== taint.effect) return false;
  if (key !== "" && key !== taint.key) return false;
  if (operator === "Exists") return true;
  return key !== "" && value === (taint.value ?? "");
}
