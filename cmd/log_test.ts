import { deepEqual } from "node:assert/strict";
import { lineLog } from "./log.ts";

Deno.test("log: one line for each message, whatever the figures hold", () => {
  const lines: string[] = [];
  const log = lineLog("agent", () => 0, (line) => lines.push(line));
  log("started", { pod: "default/web", ms: 3 });
  log("failed", { error: new Error("no\nroute"), list: [1], none: undefined });
  deepEqual(lines, [
    "1970-01-01T00:00:00.000Z agent: started pod=default/web ms=3",
    `1970-01-01T00:00:00.000Z agent: failed error="no\\nroute" list=[1] none=undefined`,
  ]);
});

Deno.test("log: JSON lines say time, level and component, and the figures beside", () => {
  const lines: string[] = [];
  const log = lineLog("agent", () => 0, (line) => lines.push(line), () => "json");
  log("started", { pod: "default/web", ms: 3 });
  log("failed", { error: new Error("no\nroute"), list: [1], level: "mine" });
  const ts = "1970-01-01T00:00:00.000Z";
  deepEqual(lines.map((line) => JSON.parse(line)), [
    { ts, level: "info", component: "agent", msg: "started", pod: "default/web", ms: 3 },
    { ts, level: "error", component: "agent", msg: "failed", error: "no\nroute", list: "[1]" },
  ]);
});

Deno.test("log: secrets are hidden, by their name and where a text repeats them", () => {
  for (const format of ["text", "json"] as const) {
    const lines: string[] = [];
    const log = lineLog("api", () => 0, (line) => lines.push(line), () => format);
    log("refused Bearer abc.def", { token: "abc.def", clientSecret: "abc.def", key: "pods/a" });
    log("refused", { error: new Error("401 for Basic YWJjLmRlZg==") });
    const all = lines.join("\n");
    for (const secret of ["abc.def", "YWJjLmRlZg"]) deepEqual(all.includes(secret), false, all);
    deepEqual(all.includes("pods/a"), true);
  }
});
