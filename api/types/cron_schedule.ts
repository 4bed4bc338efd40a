/** The schedules of cron jobs: five fields, or a name such as `@daily`. Source: github.com/robfig/cron, version 3. */

/** The values of each field at which the job starts. */
export interface CronSchedule {
  readonly minutes: ReadonlySet<number>;
  readonly hours: ReadonlySet<number>;
  readonly daysOfMonth: ReadonlySet<number>;
  readonly months: ReadonlySet<number>;
  /** Sunday is 0. */
  readonly daysOfWeek: ReadonlySet<number>;
  /** False where the field is a star: then the other kind of day decides alone. */
  readonly restrictsDayOfMonth: boolean;
  readonly restrictsDayOfWeek: boolean;
  /** Milliseconds between starts, for `@every`; the sets are empty then. */
  readonly everyMs?: number;
}

interface Bounds {
  readonly min: number;
  readonly max: number;
  readonly names?: readonly string[];
}

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
const MINUTE: Bounds = { min: 0, max: 59 };
const HOUR: Bounds = { min: 0, max: 23 };
const DAY_OF_MONTH: Bounds = { min: 1, max: 31 };
const MONTH: Bounds = { min: 1, max: 12, names: MONTHS };
const DAY_OF_WEEK: Bounds = { min: 0, max: 6, names: DAYS };

const NAMED: Readonly<Record<string, string>> = {
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
  "@monthly": "0 0 1 * *",
  "@weekly": "0 0 * * 0",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@hourly": "0 * * * *",
};

const EVERY = "@every ";

/** Why a schedule can't be read, in the words of the source. */
export class ScheduleError extends Error {
  override readonly name = "ScheduleError";
}

/** @throws {ScheduleError} */
export function parseCronSchedule(text: string): CronSchedule {
  if (text === "") throw new ScheduleError("empty spec string");
  if (text.startsWith(EVERY)) return every(text);
  if (text.startsWith("@") && NAMED[text] === undefined) {
    throw new ScheduleError(`unrecognized descriptor: ${text}`);
  }
  const fields = (NAMED[text] ?? text).trim().split(/\s+/).filter((field) => field !== "");
  if (fields.length !== 5) {
    const found = `found ${fields.length}: [${fields.join(" ")}]`;
    throw new ScheduleError(`expected exactly 5 fields, ${found}`);
  }
  const [minute, hour, dayOfMonth, month, dayOfWeek] = fields as [
    string,
    string,
    string,
    string,
    string,
  ];
  return {
    minutes: valuesOf(minute, MINUTE),
    hours: valuesOf(hour, HOUR),
    daysOfMonth: valuesOf(dayOfMonth, DAY_OF_MONTH),
    months: valuesOf(month, MONTH),
    daysOfWeek: valuesOf(dayOfWeek, DAY_OF_WEEK),
    restrictsDayOfMonth: !isStar(dayOfMonth),
    restrictsDayOfWeek: !isStar(dayOfWeek),
  };
}

const isStar = (field: string) => field.split(",").some((part) => /^[*?]/.test(part));

function valuesOf(field: string, bounds: Bounds): ReadonlySet<number> {
  const values = new Set<number>();
  for (const part of field.split(",").filter((part) => part !== "")) {
    const { start, end, step } = rangeOf(part, bounds);
    for (let value = start; value <= end; value += step) values.add(value);
  }
  return values;
}

/** `*`, `5`, `5-10`, each with `/step`. */
function rangeOf(part: string, bounds: Bounds): { start: number; end: number; step: number } {
  const [range = "", stepText, ...more] = part.split("/");
  const ends = range.split("-");
  const [low = "", high] = ends;
  const isAny = low === "*" || low === "?";
  const start = isAny ? bounds.min : numberOf(low, bounds);
  if (ends.length > 2) throw new ScheduleError(`too many hyphens: ${part}`);
  if (more.length > 0) throw new ScheduleError(`too many slashes: ${part}`);
  const single = stepText === undefined ? start : bounds.max;
  const end = isAny ? bounds.max : high === undefined ? single : numberOf(high, bounds);
  const step = stepText === undefined ? 1 : wholeNumber(stepText);
  rejectOutside(part, { start, end, step }, bounds);
  return { start, end, step };
}

function rejectOutside(
  part: string,
  { start, end, step }: { start: number; end: number; step: number },
  { min, max }: Bounds,
): void {
  if (start < min) {
    throw new ScheduleError(`beginning of range (${start}) below minimum (${min}): ${part}`);
  }
  if (end > max) throw new ScheduleError(`end of range (${end}) above maximum (${max}): ${part}`);
  if (start > end) {
    throw new ScheduleError(`beginning of range (${start}) beyond end of range (${end}): ${part}`);
  }
  if (step === 0) throw new ScheduleError(`step of range should be a positive number: ${part}`);
}

function numberOf(text: string, { min, names = [] }: Bounds): number {
  const named = names.indexOf(text.toLowerCase());
  return named < 0 ? wholeNumber(text) : named + min;
}

function wholeNumber(text: string): number {
  if (!/^[+-]?\d{1,9}$/.test(text)) {
    const why = `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`;
    throw new ScheduleError(`failed to parse int from ${text}: ${why}`);
  }
  const value = Number(text);
  if (value < 0) throw new ScheduleError(`negative number (${value}) not allowed: ${text}`);
  return value;
}

const UNITS_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

function every(text: string): CronSchedule {
  const duration = text.slice(EVERY.length);
  const parts = [...duration.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)];
  if (duration === "" || parts.map(([whole]) => whole).join("") !== duration) {
    const why = `time: invalid duration ${JSON.stringify(duration)}`;
    throw new ScheduleError(`failed to parse duration ${text}: ${why}`);
  }
  const ms = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * UNITS_MS[unit!]!, 0);
  const none: ReadonlySet<number> = new Set();
  return {
    minutes: none,
    hours: none,
    daysOfMonth: none,
    months: none,
    daysOfWeek: none,
    restrictsDayOfMonth: false,
    restrictsDayOfWeek: false,
    everyMs: Math.max(1000, Math.floor(ms / 1000) * 1000),
  };
}
