import assert from "node:assert/strict";
import { parseCronSchedule, ScheduleError } from "./cron_schedule.ts";

const WRONG = [
  { text: "", why: "empty spec string" },
  { text: "* * * *", why: "expected exactly 5 fields, found 4: [* * * *]" },
  { text: "60 * * * *", why: "end of range (60) above maximum (59): 60" },
  { text: "* * 0 * *", why: "beginning of range (0) below minimum (1): 0" },
  { text: "5-3 * * * *", why: "beginning of range (5) beyond end of range (3): 5-3" },
  { text: "*/0 * * * *", why: "step of range should be a positive number: */0" },
  { text: "1-2-3 * * * *", why: "too many hyphens: 1-2-3" },
  { text: "@never", why: "unrecognized descriptor: @never" },
  {
    text: "x * * * *",
    why: 'failed to parse int from x: strconv.Atoi: parsing "x": invalid syntax',
  },
];
for (const { text, why } of WRONG) {
  Deno.test(`schedule: ${JSON.stringify(text)} can't be read`, () => {
    assert.throws(() => parseCronSchedule(text), new ScheduleError(why));
  });
}

Deno.test("schedule: ranges, steps, lists and names", () => {
  const { minutes, hours, months, daysOfWeek, restrictsDayOfMonth, restrictsDayOfWeek } =
    parseCronSchedule("*/20 8-10,22 * feb-MAR mon");
  assert.deepEqual([...minutes], [0, 20, 40]);
  assert.deepEqual([...hours], [8, 9, 10, 22]);
  assert.deepEqual([...months], [2, 3]);
  assert.deepEqual([...daysOfWeek], [1]);
  assert.deepEqual([restrictsDayOfMonth, restrictsDayOfWeek], [false, true]);
});

Deno.test("schedule: names of whole schedules", () => {
  assert.deepEqual(parseCronSchedule("@daily"), parseCronSchedule("0 0 * * *"));
  assert.equal(parseCronSchedule("@every 1h30m").everyMs, 5_400_000);
});
