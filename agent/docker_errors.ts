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

/** What a client of the engine meets when the engine ends or has ended. */
const CUT_OFF: ReadonlySet<string> = new Set(["ENOENT", "ECONNREFUSED", "ECONNRESET", "EPIPE"]);

/**
 * How the engine says that its own containerd went away or hung up, in words of gRPC. What a low-level runtime finds
 * wrong with a container ends with another code, "unknown". Source: containerd, errdefs; grpc-go, ErrClientConnClosing.
 */
const ENGINE_TROUBLE =
  /(?:^|: )(?:unavailable|context canceled|transport is closing|grpc: the client connection is closing)$|rpc error: code = (?:Unavailable|Canceled) desc = /;

/** Whether it is the engine that failed, and not the container that it was to start. */
export function isOfTheEngine(text: string): boolean {
  return ENGINE_TROUBLE.test(text);
}

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
  if (CUT_OFF.has(code ?? "")) return "Unavailable";
  if (statusCode === 304) return "NotRunning";
  if (statusCode === 404) return text.startsWith("No such container") ? "NoSuchContainer" : missing;
  if (statusCode === 409) return text.includes("is not running") ? "NotRunning" : "NameTaken";
  return isOfTheEngine(text) ? "Unavailable" : "Failed";
}
