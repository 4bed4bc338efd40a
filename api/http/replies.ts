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

/** kubectl prints each of them. Source: RFC 7234, and k8s.io/apimachinery, NewWarningHeader. */
export function withWarnings(reply: Reply, warnings: readonly string[]): Reply {
  if (warnings.length === 0) return reply;
  const values = warnings.map((warning) => `299 - ${JSON.stringify(warning)}`);
  return withHeaders(reply, { warning: values.join(", ") });
}
