import { type Status, type StatusDetails, type StatusError, toStatus } from "../types/status.ts";
import type { MessageSchema } from "../types/schema.ts";
import type { Reply } from "./exchange.ts";
import { Status as STATUS } from "./openapi_messages.ts";
import { JSON_WIRE, type Typed, type Wire } from "./wire.ts";

const encoder = new TextEncoder();

const PRIVATE = { "cache-control": "no-cache, private" };
const JSON_HEADERS = Object.freeze({ "content-type": JSON_WIRE.type, ...PRIVATE });

/** `bytes` is what the wire makes. */
export function bytesReply(bytes: Uint8Array, status = 200, wire = JSON_WIRE): Reply {
  const headers = wire === JSON_WIRE ? JSON_HEADERS : { "content-type": wire.type, ...PRIVATE };
  return { status, headers, body: bytes };
}

export function objectReply(wire: Wire, schema: MessageSchema, object: Typed, status = 200): Reply {
  return bytesReply(wire.object(schema, object), status, wire);
}

export function textReply(text: string, status = 200): Reply {
  const headers = {
    "content-type": "text/plain; charset=utf-8",
    "x-content-type-options": "nosniff",
  };
  return { status, headers, body: encoder.encode(text) };
}

export function statusReply(error: StatusError, wire = JSON_WIRE): Reply {
  const reply = objectReply(wire, STATUS, toStatus(error), error.code);
  const { retryAfterSeconds } = error.details;
  if (retryAfterSeconds === undefined) return reply;
  return withHeaders(reply, { "retry-after": String(retryAfterSeconds) });
}

export function successReply(wire: Wire, status: number, details?: StatusDetails): Reply {
  const body: Omit<Status, "code"> & { code?: number } = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    ...(details === undefined ? { code: status } : { details }),
  };
  return objectReply(wire, STATUS, body, status);
}

export function withHeaders(reply: Reply, headers: Readonly<Record<string, string>>): Reply {
  return { ...reply, headers: { ...reply.headers, ...headers } };
}

/** Characters of all warnings of an answer, and of each where they are more. Source: k8s.io/apiserver, warning. */
const WARNINGS_LENGTH_MAX = 4 * 1024;
const WARNING_LENGTH_MAX = 256;

/** kubectl prints each of them. Source: RFC 7234, and k8s.io/apimachinery, NewWarningHeader. */
export function withWarnings(reply: Reply, warnings: readonly string[]): Reply {
  if (warnings.length === 0) return reply;
  const values = shortened(warnings).map((warning) => `299 - ${JSON.stringify(warning)}`);
  const { warning: before } = reply.headers;
  const all = before === undefined ? values : [before, ...values];
  return withHeaders(reply, { warning: headerText(all.join(", ")) });
}

/** What does not fit is left out, from the end. */
function shortened(warnings: readonly string[]): string[] {
  let left = WARNINGS_LENGTH_MAX;
  const isLong = warnings.reduce((sum, { length }) => sum + length, 0) > left;
  const shown = isLong ? warnings.map((text) => text.slice(0, WARNING_LENGTH_MAX)) : [...warnings];
  const end = shown.findIndex(({ length }) => (left -= length) < 0);
  return end < 0 ? shown : shown.slice(0, end);
}

/** Headers are bytes: each of the UTF-8 form stands as a character of its own, as Go's clients read it. */
function headerText(text: string): string {
  const bytes = encoder.encode(text.toWellFormed());
  let header = "";
  for (const byte of bytes) header += byte === DELETE_CHARACTER ? "?" : String.fromCharCode(byte);
  return header;
}

const DELETE_CHARACTER = 0x7f;
