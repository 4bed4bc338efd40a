import assert from "node:assert/strict";
import { Choices } from "../choices.ts";
import { type Harness, startApi } from "../harness.ts";
import { DEFINITIONS, FIRST_DEFINITIONS } from "./custom.ts";
import { type FuzzRequest, Requests } from "./requests.ts";

export interface FuzzRun {
  readonly seed: number;
  readonly requests: number;
  /** Asks for kinds that it declares. */
  readonly isCustom?: boolean | undefined;
  /** Ends it earlier. */
  readonly signal?: AbortSignal;
  /** Counts answers by what was asked for: a fuzzer that is refused at the door finds nothing. */
  readonly counts?: Map<string, number>;
}

/** Something that must not be, with the request that it came of. */
export interface Finding {
  readonly index: number;
  readonly request: string;
  readonly what: string;
}

/** Longer is a hang. */
const WAIT_MS = 5_000;
/** What of a watch or a stream is looked at. */
const STREAM_MS = 3;

/**
 * Sends random requests as the administrator and @returns what the server may never do: fail for reasons of its
 * own, hang, log a failure, or answer with something that is no Status where it refuses.
 */
export async function fuzz(
  { seed, requests, signal, counts, isCustom }: FuzzRun,
): Promise<Finding[]> {
  const choices = new Choices(seed);
  const source = new Requests(choices, isCustom);
  const logged: string[] = [];
  const log = (message: string, fields: unknown) => {
    logged.push(`logged "${message}": ${textOf(fields)}`);
  };
  await using api = await startApi({ log, random: new Choices(seed + 1).next, usesGzip: true });
  const findings: Finding[] = [];
  for (const definition of isCustom ? FIRST_DEFINITIONS : []) {
    const { code, body } = await api.call("POST", DEFINITIONS, definition);
    assert.equal(code, 201, JSON.stringify(body));
  }
  for (let index = 0; index < requests && !signal?.aborted; index += 1) {
    const request = source.next();
    const found = await judge(request, api, counts);
    for (const what of [...found, ...logged.splice(0)]) {
      findings.push({ index, request: textOf(request), what });
    }
  }
  return findings;
}

async function judge(
  request: FuzzRequest,
  api: Harness,
  counts?: Map<string, number>,
): Promise<string[]> {
  const { method, path, headers, body } = request;
  let sent: Request;
  try {
    const init = { method, headers: { authorization: "Bearer admin-token", ...headers } };
    sent = new Request(`http://api${path}`, body === undefined ? init : { ...init, body });
  } catch {
    return []; // no HTTP client can say that
  }
  const response = await inTime(Promise.resolve(api.api.fetch(sent)));
  if (response === undefined) return ["no answer"];
  const kind = `${method} ${response.status}`;
  counts?.set(kind, (counts.get(kind) ?? 0) + 1);
  const text = await inTime(textOfBody(response, isStream(request)));
  if (text === undefined) return ["an answer without an end"];
  return faultsOf(request, response, text);
}

function faultsOf({ method, path }: FuzzRequest, { status, headers }: Response, text: string) {
  if (status < 400 || method === "HEAD") {
    return text.includes('"type":"ERROR"') && /"code":5(?!04)\d\d/.test(text) ? [text] : [];
  }
  const isJson = headers.get("content-type")?.startsWith("application/json") ?? false;
  const isTooNew = status === 504 && /resourceVersion=|asOf=/.test(path);
  if (!isJson) {
    const isAway = status === 503 && TO_AGENTS.test(path); // as protobuf, which is not looked into
    return status >= 500 && !isTooNew && !isAway ? [`${status}, in another form`] : [];
  }
  const answer = jsonOf(text);
  if (answer?.kind !== "Status" && path.startsWith("/api")) {
    return [`${status} without a Status: ${text}`];
  }
  if (status < 500 || isMeant(status, path, answer)) return [];
  return [`${status}: ${text}`];
}

/**
 * Refusals by design with a code that says "not now": a node's agent can't be reached, or the client knows
 * a version that the server has not got.
 */
function isMeant(status: number, path: string, answer: Refusal | undefined): boolean {
  if (status === 503) return TO_AGENTS.test(path);
  return status === 504 && answer?.details?.causes?.[0]?.reason === "ResourceVersionTooLarge";
}

/** Subresources that an agent answers, and there is none. */
const TO_AGENTS = /\/(log|exec|attach|portforward|proxy)\b/;

interface Refusal {
  readonly kind?: string;
  readonly details?: { readonly causes?: readonly { readonly reason?: string }[] };
}

function isStream({ path }: FuzzRequest): boolean {
  return /[?&]watch=|\/watch\/|\/log\b/.test(path);
}

async function textOfBody(response: Response, isStream: boolean): Promise<string> {
  if (!isStream || response.body === null) return await response.text();
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  const timer = setTimeout(() => reader.cancel(), STREAM_MS);
  let text = "";
  for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
  clearTimeout(timer);
  return text;
}

async function inTime<T>(promise: Promise<T>): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), WAIT_MS);
  });
  const first = await Promise.race([promise, late]);
  clearTimeout(timer);
  return first;
}

function jsonOf(text: string): Refusal | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the caller asks for a Status and finds none
  }
}

function textOf(value: unknown): string {
  const plain = (_: string, inner: unknown) =>
    inner instanceof Error ? inner.stack : inner instanceof Uint8Array ? inner.toBase64() : inner;
  return JSON.stringify(value, plain).slice(0, SHOWN);
}

/** Of a request in a report; its seed and number say all of it. */
const SHOWN = 3_000;
