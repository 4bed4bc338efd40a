import { isDeeperThan, JSON_DEPTH_MAX } from "./json.ts";
import { canonicalQuantity, QUANTITY_ERROR } from "./quantity.ts";
import type { AnySchema, ScalarName } from "./schema.ts";

/** A value that a scalar can't hold. Without `why` its JSON type alone is wrong. */
export class Wrong {
  constructor(readonly why?: string) {}
}

const WRONG_TYPE = new Wrong();
const TOO_DEEP = new Wrong(`nested more than ${JSON_DEPTH_MAX} deep`);
const INT32_MIN = -2147483648;
const INT32_MAX = 2147483647;

/** The value as it is stored, or Wrong. Enumerations are text here: validation knows the values. */
export function decodeScalar(is: ScalarName, value: unknown): unknown {
  switch (is) {
    case "string":
      return typeof value === "string" ? value : WRONG_TYPE;
    case "boolean":
      return typeof value === "boolean" ? value : WRONG_TYPE;
    case "int32":
      return decodeInteger(value, INT32_MIN, INT32_MAX, is);
    case "int64":
      return decodeInteger(value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, is);
    case "double":
      return typeof value === "number" ? value : WRONG_TYPE;
    case "intOrString":
      return typeof value === "string"
        ? value
        : decodeInteger(value, INT32_MIN, INT32_MAX, "int32");
    case "quantity":
      return decodeQuantity(value);
    case "bytes":
      return decodeBase64(value);
    case "time":
      return decodeTime(value, SECONDS);
    case "microTime":
      return decodeTime(value, MICROSECONDS);
    case "any":
      return isDeeperThan(JSON_DEPTH_MAX, value) ? TOO_DEEP : value;
  }
}

/** int64 ends at ±(2^53 − 1): what JSON can't carry exactly through JavaScript is refused, not changed. */
function decodeInteger(value: unknown, min: number, max: number, type: string): unknown {
  if (typeof value !== "number") return WRONG_TYPE;
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  return new Wrong(`number ${value} is no ${type}: a whole number from ${min} to ${max} is wanted`);
}

function decodeQuantity(value: unknown): unknown {
  if (typeof value !== "string" && typeof value !== "number") return WRONG_TYPE;
  const text = typeof value === "number" ? `${value}` : value.trim();
  return canonicalQuantity(text) ?? new Wrong(QUANTITY_ERROR);
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const BASE64_PART = /^(?:[A-Za-z0-9+/]{4})*/;

function decodeBase64(value: unknown): unknown {
  if (typeof value !== "string") return WRONG_TYPE;
  const text = value.includes("\n") ? value.replaceAll(/[\r\n]/g, "") : value;
  if (BASE64.test(text)) return text;
  const good = BASE64_PART.exec(text)?.[0].length ?? 0;
  return new Wrong(`illegal base64 data at input byte ${good}`);
}

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const SECONDS = { digits: 0, layout: "2006-01-02T15:04:05Z07:00" };
const MICROSECONDS = { digits: 6, layout: "2006-01-02T15:04:05.000000Z07:00" };

/** Kept in UTC with the digits of its type, so that equal times are equal text. */
function decodeTime(value: unknown, { digits, layout }: typeof SECONDS): unknown {
  if (typeof value !== "string") return WRONG_TYPE;
  const [, seconds = "", fraction = "", zone = ""] = TIME.exec(value) ?? [];
  const ms = Date.parse(seconds + zone);
  if (Number.isNaN(ms) || !isOnCalendar(seconds)) {
    const wanted = `${layout}, such as 2006-01-02T15:04:05Z, is wanted`;
    return new Wrong(`parsing time ${JSON.stringify(value)}: ${wanted}`);
  }
  const whole = zone === "Z" ? seconds : new Date(ms).toISOString().slice(0, 19);
  const rest = digits === 0 ? "" : `.${fraction.slice(1, 1 + digits).padEnd(digits, "0")}`;
  return `${whole}${rest}Z`;
}

/** The 30th of February parses, as the 1st of March. */
function isOnCalendar(seconds: string): boolean {
  return new Date(`${seconds}Z`).toISOString().startsWith(seconds);
}

const GO_NAMES: Readonly<Record<ScalarName, string>> = {
  string: "string",
  int32: "int32",
  int64: "int64",
  double: "float64",
  boolean: "bool",
  bytes: "[]uint8",
  time: "v1.Time",
  microTime: "v1.MicroTime",
  quantity: "resource.Quantity",
  intOrString: "intstr.IntOrString",
  any: "interface {}",
};

export function goScalarName(is: ScalarName): string {
  return GO_NAMES[is];
}

/** What a null inside a list or map stands for. */
export function zeroOf({ is }: AnySchema): unknown {
  switch (is) {
    case "message":
    case "either":
    case "map":
      return {};
    case "list":
      return [];
    case "int32":
    case "int64":
    case "double":
    case "intOrString":
      return 0;
    case "boolean":
      return false;
    case "quantity":
      return "0";
    case "any":
      return null;
    default:
      return "";
  }
}
