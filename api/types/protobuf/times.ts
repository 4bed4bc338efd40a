import { WireError } from "./wire.ts";

/** Seconds since 1970 and the rest in billionths, as protobuf keeps a moment. */
export interface Timestamp {
  readonly seconds: number;
  readonly nanos: number;
}

/** The years 1 to 9999: what RFC 3339 can write. */
const SECONDS_MIN = -62_135_596_800;
const SECONDS_MAX = 253_402_300_799;
const NANOS_MAX = 999_999_999;

/** Digits of a `microTime`; a `time` has none. */
export const MICROTIME_DIGITS = 6;

/** @returns RFC 3339 in UTC with so many digits after the second. */
export function timeText({ seconds, nanos }: Timestamp, digits: number): string {
  if (seconds < SECONDS_MIN || seconds > SECONDS_MAX) {
    throw new WireError(`${seconds} seconds are no time of the years 1 to 9999`);
  }
  if (nanos < 0 || nanos > NANOS_MAX) throw new WireError(`${nanos} nanoseconds are no fraction`);
  const whole = new Date(seconds * 1000).toISOString().slice(0, 19);
  if (digits === 0) return `${whole}Z`;
  return `${whole}.${String(nanos).padStart(9, "0").slice(0, digits)}Z`;
}

/** @throws {WireError} when the text is no RFC 3339 */
export function timestampOf(text: string): Timestamp {
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new WireError(`${JSON.stringify(text)} is no time`);
  const fraction = /\.(\d{1,9})/.exec(text)?.[1] ?? "";
  return { seconds: Math.floor(ms / 1000), nanos: Number(fraction.padEnd(9, "0")) };
}
