/** HTTP code of each Status reason. Source: k8s.io/apimachinery, metav1.StatusReason. */
const CODE_OF_REASON = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Gone: 410,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  ServerTimeout: 500,
  ServiceUnavailable: 503,
  Timeout: 504,
} as const;

export type StatusReason = keyof typeof CODE_OF_REASON;

/** Source: k8s.io/apimachinery, metav1.CauseType. */
export type CauseReason =
  | "DisruptionBudget"
  | "FieldValueRequired"
  | "FieldValueInvalid"
  | "FieldValueTypeInvalid"
  | "FieldValueNotSupported"
  | "FieldValueDuplicate"
  | "FieldValueForbidden"
  | "FieldValueNotFound"
  | "FieldValueTooLong"
  | "FieldValueTooMany"
  | "FieldManagerConflict"
  | "NamespaceTerminating"
  | "ResourceVersionTooLarge"
  | "UnexpectedServerResponse";

/** One wrong field. `field` is a path such as `spec.containers[0].image`; `message` leaves it out. */
export interface FieldError {
  field: string;
  reason: CauseReason;
  message: string;
}

/** What a Status says of the object that it is about. `kind` is the resource in errors, as in Kubernetes. */
export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  retryAfterSeconds?: number;
}

/** `continue` goes on with a list whose token has expired, in the state as it is now. */
export interface StatusMetadata {
  continue?: string;
}

/** The only error class that crosses a folder; `reason` is the contract, `message` is for people. */
export class StatusError extends Error {
  override readonly name = "StatusError";
  readonly code: number;
  constructor(
    readonly reason: StatusReason,
    message: string,
    readonly causes: readonly FieldError[] = [],
    readonly details: StatusDetails = {},
    readonly metadata: StatusMetadata = {},
  ) {
    super(message);
    this.code = CODE_OF_REASON[reason];
  }
}

/** A no from outside this server, in the words, and with the code and reason, of who said it. */
export class Denial extends StatusError {
  constructor(message: string, override readonly code: number, readonly said: string) {
    super("Forbidden", message);
  }
}

/** True when `error` is a StatusError with this reason. Never compare messages. */
export function hasReason(error: unknown, ...reasons: StatusReason[]): boolean {
  return error instanceof StatusError && reasons.includes(error.reason);
}

/** The wire form of a failure. Source: Kubernetes API conventions, "Response Status Kind". */
export interface Status {
  kind: "Status";
  apiVersion: "v1";
  metadata: StatusMetadata;
  status: "Success" | "Failure";
  message?: string;
  reason?: StatusReason;
  details?: StatusDetails & { causes?: readonly FieldError[] };
  code: number;
}

/** A client that finds no details in a NotFound looks for them all the same: kubectl debug ends in a panic. */
export function toStatus(error: StatusError): Status {
  const { message, code, causes, details, metadata } = error;
  const reason = error instanceof Denial ? error.said as StatusReason : error.reason;
  const withCauses = causes.length === 0 ? details : { ...details, causes };
  return {
    kind: "Status",
    apiVersion: "v1",
    metadata,
    status: "Failure",
    message,
    ...(reason && { reason }),
    ...(Object.keys(withCauses).length === 0 && code !== 404 ? {} : { details: withCauses }),
    code,
  };
}

/** @returns undefined unless `body` is a Status that reports a failure */
export function fromStatus(body: unknown): StatusError | undefined {
  const { kind, status, reason, message = "", details = {} } = (body ?? {}) as Partial<Status>;
  if (kind !== "Status" || status !== "Failure") return undefined;
  const { causes = [], ...rest } = details;
  const known = reason !== undefined && reason in CODE_OF_REASON ? reason : "InternalError";
  return new StatusError(known, message, causes, rest);
}
