import { equal, ok, rejects } from "node:assert/strict";
import { Progress } from "./progress.ts";

function screen(isTerminal: boolean) {
  const written: string[] = [];
  return {
    isTerminal,
    write: (text: string) => void written.push(text),
    text: () => written.join(""),
  };
}

Deno.test("progress: without a terminal a step is one plain line", async () => {
  const plain = screen(false);
  await new Progress(plain).step("certificates", () => Promise.resolve("5 made"));
  ok(/^✓ certificates +0\.\d\d s {2}5 made\n$/.test(plain.text()), plain.text());
});

Deno.test("progress: a terminal sees the step move, and the line cleared behind it", async () => {
  const terminal = screen(true);
  const progress = new Progress(terminal);
  await progress.step("agent", () => Promise.resolve("ready"));
  ok(terminal.text().startsWith("\r\x1b[K⠋ agent "));
  ok(terminal.text().includes("\r\x1b[K✓ agent"));
});

Deno.test("progress: a failed step is told, and its error goes on", async () => {
  const plain = screen(false);
  const failing = new Progress(plain).step("master", () => Promise.reject(new Error("no")));
  await rejects(failing, /no/);
  equal(plain.text().slice(0, 8), "✗ master");
});
