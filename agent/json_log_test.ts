import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { JsonLogReader } from "./json_log.ts";
import type { LogOptions } from "./runtime.ts";

const line = (log: string, stream = "stdout", time = "2026-01-01T00:00:00.5Z") =>
  `${JSON.stringify({ log, stream, time })}\n`;

// deno-fmt-ignore
const READS: readonly { name: string; text: string; options?: Partial<LogOptions>; want: string[] }[] = [
  { name: "lines of one stream are one piece",  text: line("a\n") + line("b\n"),                       want: ["stdout a\nb\n"] },
  { name: "streams keep their order",           text: line("a\n") + line("b\n", "stderr") + line("c\n"), want: ["stdout a\n", "stderr b\n", "stdout c\n"] },
  { name: "what is escaped",                    text: line('q"\\\t\u0001 é \u2028\n'),                 want: ['stdout q"\\\t\u0001 é \u2028\n'] },
  { name: "a line that looks like a record",    text: line('{"log":"x","stream":"stderr"}\n'),         want: ['stdout {"log":"x","stream":"stderr"}\n'] },
  { name: "a piece without an end",             text: line("a") + line("b\n"),                         want: ["stdout ab\n"] },
  { name: "an empty line",                      text: line("\n"),                                      want: ["stdout \n"] },
  { name: "times, once for a line in pieces",   text: line("a") + line("b\n") + line("c\n"), options: { timestamps: true }, want: ["stdout 2026-01-01T00:00:00.5Z ab\n2026-01-01T00:00:00.5Z c\n"] },
  { name: "nothing before its time",            text: line("old\n", "stdout", "2025-12-31T00:00:00Z") + line("new\n"), options: { since: Date.UTC(2026, 0, 1) }, want: ["stdout new\n"] },
  { name: "a line that a crash cut off",        text: `{"log":"x\n${line("a\n")}`,                     want: ["stdout a\n"] },
];
for (const { name, text, options = {}, want } of READS) {
  for (const size of [1, 7, 1 << 20]) {
    Deno.test(`JsonLogReader: ${name}, in blocks of ${size}`, () => {
      const reader = new JsonLogReader({ follow: false, timestamps: false, ...options });
      const bytes = Buffer.from(text);
      const got: [string, string][] = [];
      for (let at = 0; at < bytes.length; at += size) {
        for (const { stream, bytes: piece } of reader.take(bytes.subarray(at, at + size))) {
          const printed = Buffer.from(piece).toString();
          const last = got.at(-1);
          if (last?.[0] === stream) last[1] += printed;
          else got.push([stream, printed]);
        }
      }
      assert.deepEqual(got.map(([stream, printed]) => `${stream} ${printed}`), want);
    });
  }
}
