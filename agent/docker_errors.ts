import { RuntimeError, type RuntimeFailure } from "./runtime.ts";

/** Waits for the engine and turns what it refuses into a RuntimeError; `missing` is what its 404 means. */
export async function asked<T>(
  answer: Promise<T>,
  missing: RuntimeFailure = "NoSuchContainer",
): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    throw runtimeError(error, missing);
  }
}

/** What the client library puts before the engine's own words. */
const CLIENT_PREFIX = /^\(HTTP code \d+\) [^-]* - /;

export function runtimeError(
  error: unknown,
  missing: RuntimeFailure = "NoSuchContainer",
): RuntimeError {
  if (error instanceof RuntimeError) return error;
  const { statusCode, json, message = String(error), code } = error as {
    statusCode?: number;
    json?: { message?: string };
    message?: string;
    code?: string;
  };
  const text = json?.message ?? message.replace(CLIENT_PREFIX, "").trim();
  return new RuntimeError(failureOf(statusCode, code, text, missing), text);
}

function failureOf(
  statusCode: number | undefined,
  code: string | undefined,
  text: string,
  missing: RuntimeFailure,
): RuntimeFailure {
  if (code === "ENOENT" || code === "ECONNREFUSED" || code === "ECONNRESET") return "Unavailable";
  if (statusCode === 304) return "NotRunning";
  if (statusCode === 404) return text.startsWith("No such container") ? "NoSuchContainer" : missing;
  if (statusCode === 409) return text.includes("is not running") ? "NotRunning" : "NameTaken";
  return "Failed";
}
