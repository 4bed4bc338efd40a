import type { Call } from "../api/http/exchange.ts";
import type { RequestSpan, Tracing } from "../api/http/tracing.ts";
import { VERSION_INFO } from "./version.ts";

/** Source: OpenTelemetry, SpanKind.SERVER and SpanStatusCode.ERROR. */
const SERVER = 1;
const ERROR = 2;

/** Of OpenTelemetry's API so much as is used here. */
interface OpenTelemetryApi {
  readonly propagation: {
    extract(
      context: unknown,
      call: Call,
      getter: { get(call: Call, key: string): string | undefined; keys(call: Call): string[] },
    ): unknown;
  };
}

interface Context {
  getValue(key: symbol): unknown;
}

interface Span {
  updateName(name: string): void;
  setAttributes(attributes: Readonly<Record<string, string | number>>): void;
  setStatus(status: { code: number }): void;
  end(): void;
}

const CALL_HEADERS = {
  get: (call: Call, key: string) => call.header(key) ?? undefined,
  keys: (call: Call) => [...call.headerNames()],
};

/** Where Deno leaves its side of OpenTelemetry's API. Source: @opentelemetry/api, global-utils. */
const API = Symbol.for("opentelemetry.js.api.1");

/** Under which a context holds its span: that of the connection, where the runtime traces it too. */
const SPAN = Symbol.for("OpenTelemetry Context Key SPAN");

/**
 * Traces by Deno's own OpenTelemetry, which its environment turns on (`OTEL_DENO=true`) and points to a collector
 * (`OTEL_EXPORTER_OTLP_ENDPOINT`). @returns undefined where it is off, so that requests cost nothing
 */
export function tracingOf(isOn: boolean): Tracing | undefined {
  const api = (globalThis as { [API]?: OpenTelemetryApi })[API];
  if (!isOn || api === undefined) return undefined;
  const { tracerProvider, contextManager } = Deno.telemetry;
  const tracer = tracerProvider.getTracer("wherry", VERSION_INFO.gitVersion);
  return {
    begin(call): RequestSpan {
      const active: Context = contextManager.active();
      const context = active.getValue(SPAN) === undefined
        ? api.propagation.extract(active, call, CALL_HEADERS)
        : active;
      const span: Span = tracer.startSpan(call.method, { kind: SERVER }, context);
      return {
        end({ name, attributes }) {
          span.updateName(name);
          span.setAttributes(attributes);
          if (Number(attributes["http.response.status_code"]) >= 500) {
            span.setStatus({ code: ERROR });
          }
          span.end();
        },
      };
    },
  };
}
