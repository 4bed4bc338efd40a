/**
 * Field errors in Kubernetes's words. A message is `<type>: <value>: <detail>`; the value is left out where
 * the field is missing, forbidden or too long. Source: k8s.io/apimachinery, field.Error.ErrorBody.
 */
import { type CauseReason, type FieldError, StatusError } from "./status.ts";

export function required(field: string, detail = ""): FieldError {
  return fieldError("FieldValueRequired", field, "Required value", detail);
}

export function invalid(field: string, value: unknown, detail: string): FieldError {
  return fieldError("FieldValueInvalid", field, `Invalid value: ${quoted(value)}`, detail);
}

/** `supported` is named in the order given. */
export function notSupported(
  field: string,
  value: unknown,
  supported: readonly string[],
): FieldError {
  const detail = supported.length === 0
    ? ""
    : `supported values: ${supported.map(quoted).join(", ")}`;
  return fieldError("FieldValueNotSupported", field, `Unsupported value: ${quoted(value)}`, detail);
}

export function duplicate(field: string, value: unknown): FieldError {
  return fieldError("FieldValueDuplicate", field, `Duplicate value: ${quoted(value)}`);
}

export function notFound(field: string, value: unknown): FieldError {
  return fieldError("FieldValueNotFound", field, `Not found: ${quoted(value)}`);
}

export function forbidden(field: string, detail: string): FieldError {
  return fieldError("FieldValueForbidden", field, "Forbidden", detail);
}

export function tooLong(field: string, maxBytes: number): FieldError {
  return fieldError(
    "FieldValueTooLong",
    field,
    "Too long",
    `may not be more than ${maxBytes} bytes`,
  );
}

export function tooMany(field: string, actual: number, max: number): FieldError {
  const detail = `must have at most ${max} items`;
  return fieldError("FieldValueTooMany", field, `Too many: ${actual}`, detail);
}

/** The text of one error with its path, as Kubernetes prints it: `spec.replicas: Required value`. */
export function describe({ field, message }: FieldError): string {
  return `${field}: ${message}`;
}

/**
 * The refusal of an object with every reason: 422, `Pod "web" is invalid: …`. `kind` is a bare core kind, or
 * whatever names group and kind, such as a `Resource`: groups show as `Deployment.apps`.
 */
export function invalidStatus(
  kind: string | { readonly apiVersion: string; readonly kind: string },
  name: string,
  errors: readonly FieldError[],
): StatusError {
  const named = typeof kind === "string" ? { apiVersion: "v1", kind } : kind;
  const slash = named.apiVersion.indexOf("/");
  const group = slash < 0 ? "" : named.apiVersion.slice(0, slash);
  const qualified = group === "" ? named.kind : `${named.kind}.${group}`;
  const message = `${qualified} ${JSON.stringify(name)} is invalid: ${inOneLine(errors)}`;
  const details = { name, ...(group !== "" && { group }), kind: named.kind };
  return new StatusError("Invalid", message, errors, details);
}

/** One text stands alone, several stand in brackets, and none twice. */
function inOneLine(errors: readonly FieldError[]): string {
  const texts = [...new Set(errors.map(describe))];
  return texts.length === 1 ? texts[0]! : `[${texts.join(", ")}]`;
}

export function fieldError(
  reason: CauseReason,
  field: string,
  type: string,
  detail = "",
): FieldError {
  return { field, reason, message: detail === "" ? type : `${type}: ${detail}` };
}

function quoted(value: unknown): string {
  return value === undefined ? "null" : JSON.stringify(value);
}
