import type { Log } from "../api/types/ambient.ts";

/** A log of lines such as `2026-01-02T03:04:05.678Z agent: started pod=default/web ms=312`. */
export function lineLog(
  part: string,
  now: () => number,
  write: (line: string) => void,
): Log {
  return (message, figures = {}) => {
    const said = Object.entries(figures).map(([name, value]) => ` ${name}=${textOf(value)}`);
    write(`${new Date(now()).toISOString()} ${part}: ${message}${said.join("")}`);
  };
}

/** The log of a process: to stderr, where a service manager or the log file of `up` takes it. */
export function stderrLog(part: string): Log {
  return lineLog(part, Date.now, console.error);
}

function textOf(value: unknown): string {
  const text = value instanceof Error
    ? value.message
    : typeof value === "string"
    ? value
    : JSON.stringify(value) ?? String(value);
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}
