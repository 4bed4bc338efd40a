import { invalid } from "../types/field_errors.ts";
import type { FieldError } from "../types/status.ts";
import { contains, readCidr, validateIp } from "./ip_addresses.ts";

export function validateCidr(field: string, text: string): FieldError[] {
  const [address = "", bits = "", ...rest] = text.split("/");
  const widest = address.includes(":") ? 128 : 32;
  const isRight = rest.length === 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= widest &&
    validateIp(address).length === 0;
  if (isRight) return [];
  const why = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";
  return [invalid(field, text, why)];
}

/** True when `inner` is a part of `outer` and smaller. Ranges of version 6 are taken on trust. */
export function cidrContains(outer: string, inner: string): boolean {
  const [whole, part] = [readCidr(outer), readCidr(inner)];
  if (whole === undefined || part === undefined) return outer.includes(":") === inner.includes(":");
  return contains(whole, part.base) && part.prefixBits > whole.prefixBits;
}
