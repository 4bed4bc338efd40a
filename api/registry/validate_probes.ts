import type {
  Container,
  HTTPGetAction,
  Lifecycle,
  LifecycleHandler,
  Probe,
} from "../types/core_v1.ts";
import { forbidden, invalid, required } from "../types/field_errors.ts";
import type { FieldError } from "../types/status.ts";
import { validateNonNegative, validatePort, validatePortOrName } from "./field_rules.ts";

const HEADER_NAME = /^[-A-Za-z0-9]+$/;
const HANDLERS = ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] as const;
type Handler = Pick<Probe, "grpc"> & LifecycleHandler;

export function validateProbes(at: string, container: Container): FieldError[] {
  const { livenessProbe, readinessProbe, startupProbe } = container;
  return [
    ...validateProbe(`${at}.livenessProbe`, livenessProbe),
    ...validateOneSuccess(`${at}.livenessProbe`, livenessProbe),
    ...validateProbe(`${at}.readinessProbe`, readinessProbe),
    ...validateNoGrace(`${at}.readinessProbe`, readinessProbe),
    ...validateProbe(`${at}.startupProbe`, startupProbe),
    ...validateOneSuccess(`${at}.startupProbe`, startupProbe),
  ];
}

export function validateLifecycle(field: string, hooks: Lifecycle = {}): FieldError[] {
  const { postStart, preStop } = hooks;
  return [
    ...(postStart ? validateHandler(`${field}.postStart`, postStart) : []),
    ...(preStop ? validateHandler(`${field}.preStop`, preStop) : []),
  ];
}

const COUNTS = [
  "initialDelaySeconds",
  "timeoutSeconds",
  "periodSeconds",
  "successThreshold",
  "failureThreshold",
] as const;

function validateProbe(field: string, probe: Probe | undefined): FieldError[] {
  if (probe === undefined) return [];
  const { terminationGracePeriodSeconds: grace } = probe;
  const errors = COUNTS.flatMap((name) => validateNonNegative(`${field}.${name}`, probe[name]));
  if (grace !== undefined && grace <= 0) {
    errors.push(invalid(`${field}.terminationGracePeriodSeconds`, grace, "must be greater than 0"));
  }
  return [...validateHandler(field, probe), ...errors];
}

/** One success says that a container lives. */
function validateOneSuccess(field: string, probe: Probe | undefined): FieldError[] {
  const successes = probe?.successThreshold ?? 1;
  return successes === 1 ? [] : [invalid(`${field}.successThreshold`, successes, "must be 1")];
}

/** A failing readiness probe stops nothing. */
function validateNoGrace(field: string, probe: Probe | undefined): FieldError[] {
  const grace = probe?.terminationGracePeriodSeconds;
  if (grace === undefined) return [];
  const why = "must not be set for readinessProbes";
  return [invalid(`${field}.terminationGracePeriodSeconds`, grace, why)];
}

function validateHandler(field: string, handler: Handler): FieldError[] {
  const [first, ...others] = HANDLERS.filter((name) => handler[name] !== undefined);
  if (first === undefined) return [required(field, "must specify a handler type")];
  const { exec, httpGet, tcpSocket, grpc, sleep } = handler;
  return [
    ...others.map((other) =>
      forbidden(`${field}.${other}`, "may not specify more than 1 handler type")
    ),
    ...(exec && !exec.command?.length ? [required(`${field}.exec.command`)] : []),
    ...(httpGet ? validateHttpGet(`${field}.httpGet`, httpGet) : []),
    ...validatePortOrName(`${field}.tcpSocket.port`, tcpSocket?.port),
    ...validatePort(`${field}.grpc.port`, grpc?.port),
    ...validateNonNegative(`${field}.sleep.seconds`, sleep?.seconds),
  ];
}

function validateHttpGet(field: string, { port, httpHeaders = [] }: HTTPGetAction): FieldError[] {
  const why = "a valid HTTP header must consist of alphanumeric characters or '-' " +
    "(e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')";
  return [
    ...validatePortOrName(`${field}.port`, port),
    ...httpHeaders.flatMap(({ name }) =>
      name && !HEADER_NAME.test(name) ? [invalid(`${field}.httpHeaders`, name, why)] : []
    ),
  ];
}
