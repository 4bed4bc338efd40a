import { notSupported, required } from "./field_errors.ts";
import type { JsonObject } from "./json.ts";
import type { AnySchema, Field, MessageSchema, Schema } from "./schema.ts";
import type { FieldError } from "./status.ts";

/**
 * Required fields that are missing and enumerations with other values, all of them, in schema order. Text and
 * lists that are empty count as missing, except in `status`, where components say "" for what they do not
 * know yet, and in fields named `value`. Needs a decoded object: types are taken as right.
 */
export function validateSchema<T>(schema: Schema<T> & MessageSchema, object: T): FieldError[] {
  const errors: FieldError[] = [];
  checkerOf(schema)?.(object, "", { errors, mayBeEmpty: false });
  return errors;
}

interface Findings {
  readonly errors: FieldError[];
  readonly mayBeEmpty: boolean;
}

type Checker = (value: unknown, path: string, findings: Findings) => void;

/** undefined: nothing under this schema can be missing or unsupported. */
const CHECKERS = new Map<AnySchema, Checker | undefined>();

function checkerOf(schema: AnySchema): Checker | undefined {
  if (CHECKERS.has(schema)) return CHECKERS.get(schema);
  const built = build(schema);
  CHECKERS.set(schema, built);
  return built;
}

function build(schema: AnySchema): Checker | undefined {
  switch (schema.is) {
    case "message":
      return messageChecker(schema);
    case "enum":
      return enumChecker(schema.values);
    case "list":
      return listChecker(checkerOf(schema.item));
    case "map":
      return mapChecker(checkerOf(schema.value));
    default:
      return undefined;
  }
}

function enumChecker(values: readonly string[]): Checker {
  const known = new Set(values);
  return (value, path, { errors }) => {
    if (known.has(value as string) || value === "") return;
    errors.push(notSupported(path, value, values));
  };
}

function listChecker(check: Checker | undefined): Checker | undefined {
  return check && ((value, path, findings) => {
    (value as unknown[]).forEach((item, i) => check(item, `${path}[${i}]`, findings));
  });
}

function mapChecker(check: Checker | undefined): Checker | undefined {
  return check && ((value, path, findings) => {
    for (const [key, item] of Object.entries(value as JsonObject)) {
      check(item, `${path}[${key}]`, findings);
    }
  });
}

interface FieldCheck {
  readonly name: string;
  readonly isRequired: boolean;
  readonly check: Checker | undefined;
}

function messageChecker({ fields }: MessageSchema): Checker | undefined {
  const checks = Object.entries(fields).flatMap(([name, field]): FieldCheck[] => {
    const [isRequired, check] = [mustBePresent(field), checkerOf(field.schema)];
    return isRequired || check !== undefined ? [{ name, isRequired, check }] : [];
  });
  if (checks.length === 0) return undefined;
  return (value, path, findings) => {
    const object = value as JsonObject;
    for (const { name, isRequired, check } of checks) {
      const field = object[name];
      if (field !== undefined && !isEmpty(field)) {
        check?.(field, within(path, name), inside(path, name, findings));
      } else if (isRequired && isMissing(field, name, findings)) {
        findings.errors.push(required(within(path, name)));
      }
    }
  };
}

const within = (path: string, name: string) => path === "" ? name : `${path}.${name}`;

function inside(path: string, name: string, findings: Findings): Findings {
  return path === "" && name === "status" ? { ...findings, mayBeEmpty: true } : findings;
}

/** Names, and what an object says of itself (number 0), are checked where they are filled in. */
function mustBePresent({ number, isRequired, isAlways }: Field): boolean {
  return isRequired && isAlways !== true && number !== 0;
}

function isEmpty(value: unknown): boolean {
  return value === "" || (Array.isArray(value) && value.length === 0);
}

function isMissing(value: unknown, name: string, { mayBeEmpty }: Findings): boolean {
  return value === undefined || (!mayBeEmpty && name !== "value");
}
