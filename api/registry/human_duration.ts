const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const YEAR = 365 * DAY;

/**
 * A length of time as kubectl prints it: two units while the first one is small, then one.
 * Source: k8s.io/apimachinery/pkg/util/duration, HumanDuration.
 */
export function humanDuration(ms: number): string {
  const seconds = Math.trunc(ms / 1000);
  if (seconds < -1) return "<invalid>";
  if (seconds < 0) return "0s";
  if (seconds < 2 * MINUTE) return `${seconds}s`;
  if (seconds < 10 * MINUTE) return inTwo(seconds, MINUTE, "m", 1, "s");
  if (seconds < 3 * HOUR) return `${Math.trunc(seconds / MINUTE)}m`;
  if (seconds < 8 * HOUR) return inTwo(seconds, HOUR, "h", MINUTE, "m");
  if (seconds < 2 * DAY) return `${Math.trunc(seconds / HOUR)}h`;
  if (seconds < 8 * DAY) return inTwo(seconds, DAY, "d", HOUR, "h");
  if (seconds < 2 * YEAR) return `${Math.trunc(seconds / DAY)}d`;
  if (seconds < 8 * YEAR) return inTwo(seconds, YEAR, "y", DAY, "d");
  return `${Math.trunc(seconds / YEAR)}y`;
}

/** Time since an RFC 3339 `timestamp`; `<unknown>` where there is none, as in kubectl's AGE. */
export function ageAt(now: string, timestamp: string | undefined): string {
  if (timestamp === undefined || timestamp === "") return "<unknown>";
  return humanDuration(Date.parse(now) - Date.parse(timestamp));
}

function inTwo(seconds: number, unit: number, name: string, part: number, partName: string) {
  const rest = Math.trunc((seconds % unit) / part);
  const whole = `${Math.trunc(seconds / unit)}${name}`;
  return rest === 0 ? whole : `${whole}${rest}${partName}`;
}
