import assert from "node:assert/strict";
import { parseCronSchedule } from "../../api/types/cron_schedule.ts";
import { isTimeZone, nextStart } from "./next_start.ts";

// deno-fmt-ignore
const CASES: readonly { schedule: string; zone?: string; after: string; want: string }[] = [
  { schedule: "*/5 * * * *",    after: "2026-03-01T10:02:30Z", want: "2026-03-01T10:05:00Z" },
  { schedule: "*/5 * * * *",    after: "2026-03-01T10:05:00Z", want: "2026-03-01T10:10:00Z" },
  { schedule: "0 0 29 2 *",     after: "2026-03-01T00:00:00Z", want: "2028-02-29T00:00:00Z" },
  { schedule: "30 8 * * 1-5",   after: "2026-03-06T09:00:00Z", want: "2026-03-09T08:30:00Z" },
  { schedule: "0 12 13 * 5",    after: "2026-03-01T00:00:00Z", want: "2026-03-06T12:00:00Z" },
  { schedule: "@yearly",        after: "2026-03-01T00:00:00Z", want: "2027-01-01T00:00:00Z" },
  { schedule: "0 9 * * *",      zone: "Europe/Berlin",    after: "2026-01-10T00:00:00Z", want: "2026-01-10T08:00:00Z" },
  { schedule: "0 9 * * *",      zone: "Europe/Berlin",    after: "2026-07-10T00:00:00Z", want: "2026-07-10T07:00:00Z" },
  // the night in spring that has no half past two
  { schedule: "30 2 * * *",     zone: "Europe/Berlin",    after: "2026-03-28T12:00:00Z", want: "2026-03-30T00:30:00Z" },
  // the day after that night begins an hour early
  { schedule: "0 0 * * *",      zone: "Europe/Berlin",    after: "2026-03-29T12:00:00Z", want: "2026-03-29T22:00:00Z" },
  { schedule: "0 0 1 * *",      zone: "America/New_York", after: "2026-10-20T00:00:00Z", want: "2026-11-01T04:00:00Z" },
  { schedule: "15 * * * *",     zone: "Asia/Kolkata",     after: "2026-05-01T00:00:00Z", want: "2026-05-01T00:45:00Z" },
];

for (const { schedule, zone, after, want } of CASES) {
  Deno.test(`cron: ${schedule} after ${after}${zone ? ` in ${zone}` : ""}`, () => {
    const at = nextStart(parseCronSchedule(schedule), Date.parse(after), zone);
    assert.equal(new Date(at ?? 0).toISOString(), want.replace("Z", ".000Z"));
  });
}

Deno.test("cron: 30 February never comes", () => {
  assert.equal(nextStart(parseCronSchedule("0 0 30 2 *"), 0), undefined);
});

Deno.test("cron: a time zone is told from a word", () => {
  assert.deepEqual(["Europe/Berlin", "UTC", "Mars/Olympus"].map(isTimeZone), [true, true, false]);
});
