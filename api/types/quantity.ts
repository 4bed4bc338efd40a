/**
 * Amounts of resources: `250m`, `1.5Gi`, `2e3`. A quantity is kept in billionths, the smallest step that
 * Kubernetes knows, and remembers which family of suffixes it was written in.
 */

/** The family of suffixes: `1k`, `1Ki` and `1e3`. */
export type QuantityFormat = "decimal" | "binary" | "exponent";

export interface Quantity {
  /** The amount times 1,000,000,000. */
  readonly nano: bigint;
  readonly format: QuantityFormat;
}

/** What Kubernetes answers to text that is no quantity. */
export const QUANTITY_ERROR = "quantities must match the regular expression " +
  "'^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

const NANO = 1_000_000_000n;
/** Larger amounts count as this one, as in Kubernetes. */
const NANO_MAX = ((1n << 63n) - 1n) * NANO;
/** More characters and a larger exponent than any amount in range needs are refused before they cost time. */
const TEXT_MAX = 64;
const EXPONENT_MAX = 40;

const TEXT = /^([+-]?)(\d*)(?:\.(\d*))?(?:([numkMGTPE]|[KMGTPE]i)|[eE]([+-]?\d+))?$/;
const DECIMAL = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];
const BINARY = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];

/** Amounts repeat from pod to pod: texts read are remembered, this many at the most. */
const REMEMBERED_MAX = 4096;

interface Known extends Quantity {
  /** The one way to write the amount, once somebody asked for it. */
  canonical?: string;
}

const REMEMBERED = new Map<string, Known>();

/** @returns undefined when the text is no quantity. What is finer than a billionth is rounded away from zero. */
export function parseQuantity(text: string): Quantity | undefined {
  const known = REMEMBERED.get(text);
  if (known !== undefined) return known;
  const quantity = read(text);
  if (quantity === undefined) return undefined;
  if (REMEMBERED.size >= REMEMBERED_MAX) REMEMBERED.clear();
  REMEMBERED.set(text, quantity);
  return quantity;
}

function read(text: string): Known | undefined {
  const match = text.length > TEXT_MAX ? null : TEXT.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = "", suffix = "", exponent] = match;
  if (whole === "" && fraction === "") return undefined;
  const power = exponent === undefined ? 0 : Number(exponent);
  if (Math.abs(power) > EXPONENT_MAX) return undefined;
  const nano = scale(BigInt(whole + fraction), fraction.length, suffix, power);
  const bounded = nano > NANO_MAX ? NANO_MAX : nano;
  return { nano: sign === "-" ? -bounded : bounded, format: formatOf(suffix, exponent) };
}

function formatOf(suffix: string, exponent: string | undefined): QuantityFormat {
  if (exponent !== undefined) return "exponent";
  return suffix.endsWith("i") ? "binary" : "decimal";
}

function scale(digits: bigint, fractionDigits: number, suffix: string, power: number): bigint {
  const binary = suffix.length === 2 ? BINARY.indexOf(suffix) : 0;
  const decimal = suffix.length === 2 ? 0 : (DECIMAL.indexOf(suffix) - 3) * 3;
  const tens = 9 + decimal + power - fractionDigits;
  const scaled = digits << BigInt(10 * binary);
  if (tens >= 0) return scaled * 10n ** BigInt(tens);
  return divideUp(scaled, 10n ** BigInt(-tens));
}

/** Rounds away from zero: who asked for something gets something. */
function divideUp(amount: bigint, by: bigint): bigint {
  if (amount < 0n) return -divideUp(-amount, by);
  return (amount + by - 1n) / by;
}

/** The one way to write an amount: `1000m` is `1`, `1.5Gi` is `1536Mi`, `0.5` is `500m`. */
export function formatQuantity({ nano, format }: Quantity): string {
  if (nano === 0n) return "0";
  if (nano < 0n) return `-${formatQuantity({ nano: -nano, format })}`;
  if (format === "binary" && nano >= 1024n * NANO) return formatBinary(divideUp(nano, NANO));
  let [mantissa, step] = [nano, 0];
  while (mantissa % 1000n === 0n && step < DECIMAL.length - 1) {
    mantissa /= 1000n;
    step++;
  }
  if (format !== "exponent") return `${mantissa}${DECIMAL[step]}`;
  return step === 3 ? `${mantissa}` : `${mantissa}e${(step - 3) * 3}`;
}

/** What is no multiple of 1024 is written as a decimal, so that canonical text stays as it is. */
function formatBinary(amount: bigint): string {
  let [mantissa, step] = [amount, 0];
  while ((mantissa & 1023n) === 0n && step < BINARY.length - 1) {
    mantissa >>= 10n;
    step++;
  }
  if (step === 0) return formatQuantity({ nano: amount * NANO, format: "decimal" });
  return `${mantissa}${BINARY[step]}`;
}

/** @returns the canonical text of a quantity, or undefined when the text is none */
export function canonicalQuantity(text: string): string | undefined {
  if (PLAIN.test(text)) return text;
  const quantity: Known | undefined = parseQuantity(text);
  if (quantity === undefined) return undefined;
  return quantity.canonical ??= formatQuantity(quantity);
}

/** One to three digits that do not begin with 0 can't be written shorter, whatever the suffix. */
const PLAIN = /^[1-9]\d{0,2}(?:[numkMGTP]|[KMGTP]i)?$/;

/** Negative, zero or positive, as `a` is less than, equal to or more than `b`. */
export function compareQuantities(a: string, b: string): number {
  const [left, right] = [mustParse(a).nano, mustParse(b).nano];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Canonical, in the family of suffixes of `a`, or of `b` where `a` is zero. */
export function addQuantities(a: string, b: string): string {
  const [left, right] = [mustParse(a), mustParse(b)];
  const format = left.nano === 0n ? right.format : left.format;
  return formatQuantity({ nano: left.nano + right.nano, format });
}

/** As `addQuantities`. */
export function subtractQuantities(a: string, b: string): string {
  const [left, right] = [mustParse(a), mustParse(b)];
  const format = left.nano === 0n ? right.format : left.format;
  return formatQuantity({ nano: left.nano - right.nano, format });
}

/** The amount in thousandths, rounded up: milli-CPU. Exact up to 2^53. */
export function toMilli(text: string): number {
  return Number(divideUp(mustParse(text).nano, 1_000_000n));
}

/** The amount in whole units, rounded up: bytes, pods. Exact up to 2^53. */
export function toBytes(text: string): number {
  return Number(divideUp(mustParse(text).nano, NANO));
}

/** The amount with its fraction, as near as a double comes. */
export function toNumber(text: string): number {
  const { nano } = mustParse(text);
  return Number(nano / NANO) + Number(nano % NANO) / 1e9;
}

/** @throws {RangeError} on text that is no quantity, which decoding lets nobody store */
function mustParse(text: string): Quantity {
  const quantity = parseQuantity(text);
  if (quantity === undefined) throw new RangeError(`Cannot read quantity ${JSON.stringify(text)}`);
  return quantity;
}
