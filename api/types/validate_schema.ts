import { FieldPath } from "./field_path.ts";
import { notSupported, required } from "./field_errors.ts";
import { isJsonObject, type JsonObject } from "./json.ts";
import type { AnySchema, Field, MessageSchema, Schema } from "./schema.ts";
import type { FieldError } from "./status.ts";

/**
 * Required fields that are missing and enumerations with other values, all of them, in schema order. Text and
 * lists that are empty count as missing, except in `status`, where components say "" for what they do not
 * know yet, and in fields named `value`. Needs a decoded object: types are taken as right.
 */
export function validateSchema<T>(schema: Schema<T> & MessageSchema, object: T): FieldError[] {
  const walk: Walk = { path: new FieldPath(), errors: [] };
  checkerOf(schema)?.(object, walk);
  return walk.errors;
}

interface Walk {
  readonly path: FieldPath;
  readonly errors: FieldError[];
}

type Checker = (value: unknown, walk: Walk) => void;

/** undefined: nothing under this schema can be missing or unsupported. */
const CHECKERS = new WeakMap<AnySchema, Checker | undefined>();

/** A message inside itself is reached through the map, once the outer one is built. */
function checkerOf(schema: AnySchema): Checker | undefined {
  if (CHECKERS.has(schema)) return CHECKERS.get(schema);
  if (schema.is === "message") {
    CHECKERS.set(schema, (value, walk) => CHECKERS.get(schema)?.(value, walk));
  }
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
    case "either": {
      const check = checkerOf(schema.message);
      return check && ((value, walk) => isJsonObject(value) && check(value, walk));
    }
    default:
      return undefined;
  }
}

function enumChecker(values: readonly string[]): Checker {
  return (value, { path, errors }) => {
    if (values.includes(value as string)) return;
    errors.push(notSupported(path.toString(), value, values));
  };
}

function listChecker(check: Checker | undefined): Checker | undefined {
  return check && ((value, walk) => {
    const list = value as unknown[];
    for (let i = 0; i < list.length; i++) {
      walk.path.enter(i);
      check(list[i], walk);
      walk.path.leave();
    }
  });
}

function mapChecker(check: Checker | undefined): Checker | undefined {
  return check && ((value, walk) => {
    for (const [key, item] of Object.entries(value as JsonObject)) {
      walk.path.enter(key);
      check(item, walk);
      walk.path.leave();
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
  return (value, walk) => {
    for (let i = 0; i < checks.length; i++) checkField(checks[i]!, value as JsonObject, walk);
  };
}

function checkField({ name, isRequired, check }: FieldCheck, object: JsonObject, walk: Walk): void {
  const value = object[name];
  if (value === undefined || isEmpty(value)) {
    if (isRequired && isMissing(value, name, walk)) {
      walk.errors.push(required(walk.path.toString(name)));
    }
  } else if (check !== undefined) {
    walk.path.enter(name);
    check(value, walk);
    walk.path.leave();
  }
}

/** Names, and what an object says of itself (number 0), are checked where they are filled in. */
function mustBePresent({ number, isRequired, isAlways }: Field): boolean {
  return isRequired && isAlways !== true && number !== 0;
}

function isEmpty(value: unknown): boolean {
  return value === "" || (Array.isArray(value) && value.length === 0);
}

function isMissing(value: unknown, name: string, { path }: Walk): boolean {
  return value === undefined || (name !== "value" && !path.isUnder("status"));
}
