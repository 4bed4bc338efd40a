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
