import type { CronSchedule } from "../../api/types/cron_schedule.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** A schedule such as 30 February never comes. Source: github.com/robfig/cron. */
const YEARS_MS = 5 * 366 * 24 * HOUR_MS;

/** Clock and calendar somewhere. */
interface WallTime {
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
}

/** One for each time zone that is in use. */
const FORMATS = new Map<string, Intl.DateTimeFormat>();
const WEEKDAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** False for a name that is in no time zone database. */
export function isTimeZone(name: string): boolean {
  try {
    return formatOf(name) !== undefined;
  } catch {
    return false;
  }
}

/**
 * The first time after `after` (milliseconds since 1970) that the schedule names on the clocks of a time zone;
 * undefined if none comes within five years. What the clocks leave out in spring is left out, and what they show
 * twice in autumn comes twice.
 */
export function nextStart(
  schedule: CronSchedule,
  after: number,
  timeZone = "UTC",
): number | undefined {
  if (schedule.everyMs !== undefined) return after + schedule.everyMs;
  let at = Math.floor(after / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  while (at < after + YEARS_MS) {
    const wall = wallTime(at, timeZone);
    if (!isDay(schedule, wall)) at = nextDay(at, wall, timeZone);
    else if (!schedule.hours.has(wall.hour)) at += (60 - wall.minute) * MINUTE_MS;
    else if (!schedule.minutes.has(wall.minute)) at += MINUTE_MS;
    else return at;
  }
  return undefined;
}

/** Where both kinds of days are restricted either will do. */
function isDay(schedule: CronSchedule, { month, day, weekday }: WallTime): boolean {
  if (!schedule.months.has(month)) return false;
  const [isDate, isWeekday] = [
    schedule.daysOfMonth.has(day),
    schedule.daysOfWeek.has(weekday),
  ];
  return schedule.restrictsDayOfMonth && schedule.restrictsDayOfWeek
    ? isDate || isWeekday
    : isDate && isWeekday;
}

/** The first minute of the next day, which may have 23 or 25 hours before it. */
function nextDay(at: number, { day, hour, minute }: WallTime, timeZone: string): number {
  let next = at + (24 - hour) * HOUR_MS - minute * MINUTE_MS;
  if (wallTime(next, timeZone).day === day) next += HOUR_MS;
  const before = next - HOUR_MS;
  return wallTime(before, timeZone).day === day ? next : before;
}

function wallTime(at: number, timeZone: string): WallTime {
  if (timeZone === "UTC") return utcTime(at);
  const parts: Record<string, string> = {};
  for (const { type, value } of formatOf(timeZone).formatToParts(at)) parts[type] = value;
  return {
    month: Number(parts.month),
    day: Number(parts.day),
    weekday: WEEKDAYS.indexOf(parts.weekday ?? ""),
    hour: Number(parts.hour),
    minute: Number(parts.minute),
  };
}

function utcTime(at: number): WallTime {
  const date = new Date(at);
  return {
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
  };
}

function formatOf(timeZone: string): Intl.DateTimeFormat {
  let format = FORMATS.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      month: "numeric",
      day: "numeric",
      weekday: "short",
      hour: "numeric",
      minute: "numeric",
    });
    FORMATS.set(timeZone, format);
  }
  return format;
}
