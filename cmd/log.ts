import type { Log } from "../api/types/ambient.ts";

export const LOG_FORMATS = ["text", "json"] as const;
export type LogFormat = typeof LOG_FORMATS[number];

type Figures = Readonly<Record<string, unknown>>;

/** One message, before it has a form. */
interface Entry {
  readonly at: string;
  readonly component: string;
  readonly message: string;
  readonly figures: Figures;
}

const FORMS: Readonly<Record<LogFormat, (entry: Entry) => string>> = { text: lineOf, json: jsonOf };

/** Of this process: set once, from its flags, before anything is said. */
let processFormat: LogFormat = "text";

export function setLogFormat(format: LogFormat): void {
  processFormat = format;
}

/**
 * A log of lines such as `2026-01-02T03:04:05.678Z agent: started pod=default/web ms=312`, or the same in JSON. What
 * is named like a secret is hidden.
 */
export function lineLog(
  component: string,
  now: () => number,
  write: (line: string) => void,
  format: () => LogFormat = () => "text",
): Log {
  return (message, figures = {}) => {
    const at = new Date(now()).toISOString();
    const shown = withoutSecrets(figures);
    write(FORMS[format()]({ at, component, message: hidden(message), figures: shown }));
  };
}

/** The log of a process: to stderr, where a service manager or the log file of `up` takes it. */
export function stderrLog(component: string): Log {
  return lineLog(component, Date.now, console.error, () => processFormat);
}

function lineOf({ at, component, message, figures }: Entry): string {
  const said = Object.entries(figures).map(([name, value]) => ` ${name}=${quoted(textOf(value))}`);
  return `${at} ${component}: ${message}${said.join("")}`;
}

/** What the line says of itself wins over figures of the same name. */
function jsonOf({ at, component, message, figures }: Entry): string {
  const level = "error" in figures ? "error" : "info";
  const own = { ts: at, level, component, msg: message };
  const others = Object.entries(figures).filter(([name]) => !(name in own))
    .map(([name, value]) => [name, isPlain(value) ? value : textOf(value)]);
  return JSON.stringify({ ...own, ...Object.fromEntries(others) });
}

function isPlain(value: unknown): boolean {
  return ["string", "number", "boolean"].includes(typeof value);
}

const SECRET_NAME = /token|secret|password|authorization|private|key$/i;
const SECRET_TEXT = /\b(Bearer|Basic)\s+[\w.~+/=-]+|\beyJ[\w-]+\.[\w-]+\.[\w-]+/g;
const HIDDEN = "[hidden]";

function withoutSecrets(figures: Figures): Figures {
  return Object.fromEntries(
    Object.entries(figures).map(([name, value]) => [
      name,
      SECRET_NAME.test(name) && typeof value === "string" && name !== "key"
        ? HIDDEN
        : isPlain(value) && typeof value !== "string"
        ? value
        : hidden(textOf(value)),
    ]),
  );
}

/** Tokens are hidden where a message of somebody else repeats them. */
function hidden(text: string): string {
  return text.replace(SECRET_TEXT, HIDDEN);
}

function textOf(value: unknown): string {
  if (value instanceof Error) return value.message;
  return typeof value === "string" ? value : JSON.stringify(value) ?? String(value);
}

function quoted(text: string): string {
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}
