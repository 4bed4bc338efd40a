import { type Status, type StatusDetails, type StatusError, toStatus } from "../types/status.ts";
import type { Reply } from "./exchange.ts";

const encoder = new TextEncoder();

export const JSON_TYPE = "application/json";
const JSON_HEADERS = Object.freeze({
  "content-type": JSON_TYPE,
  "cache-control": "no-cache, private",
});

/** `json` is the bytes of a JSON text. */
export function bytesReply(json: Uint8Array, status = 200): Reply {
  return { status, headers: JSON_HEADERS, body: json };
}

export function jsonReply(value: unknown, status = 200): Reply {
  return bytesReply(encoder.encode(JSON.stringify(value)), status);
}

export function textReply(text: string, status = 200): Reply {
  const headers = {
    "content-type": "text/plain; charset=utf-8",
    "x-content-type-options": "nosniff",
  };
  return { status, headers, body: encoder.encode(text) };
}

export function statusReply(error: StatusError): Reply {
  const reply = jsonReply(toStatus(error), error.code);
  const { retryAfterSeconds } = error.details;
  if (retryAfterSeconds === undefined) return reply;
  return withHeaders(reply, { "retry-after": String(retryAfterSeconds) });
}

export function successReply(status: number, details?: StatusDetails): Reply {
  const body: Omit<Status, "code"> & { code?: number } = {
    kind: "Status",
    apiVersion: "v1",
    metadata: {},
    status: "Success",
    ...(details === undefined ? { code: status } : { details }),
  };
  return jsonReply(body, status);
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
