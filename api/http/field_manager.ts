import { forbidden, invalid, invalidStatus, required, tooLong } from "../types/field_errors.ts";
import type { FieldError, StatusError } from "../types/status.ts";
import type { Call } from "./exchange.ts";

/** Source: apimachinery, metav1 validation, FieldManagerMaxLength. */
const MANAGER_LENGTH_MAX = 128;
const UNPRINTABLE = /[^\P{C}]|[^\P{Z} ]/u;
/** Whoever does not even say what program it is. */
const NOBODY = "unknown";

/**
 * Whom managed fields name: `fieldManager`, or else the first word of the user agent.
 * @throws {StatusError} Invalid
 */
export function managerOf(call: Pick<Call, "query" | "header">, kind: string): string {
  const said = call.query.get("fieldManager");
  if (!said) return programOf(call.header("user-agent") ?? "");
  if (said.length > MANAGER_LENGTH_MAX) {
    throw wrong(kind, tooLong("fieldManager", MANAGER_LENGTH_MAX));
  }
  if (!UNPRINTABLE.test(said)) return said;
  throw wrong(kind, invalid("fieldManager", said, "should only contain printable characters"));
}

/** Clients are few, and each sends the same all the time. */
const PROGRAMS_MAX = 200;
const PROGRAMS = new Map<string, string>();

function programOf(userAgent: string): string {
  const known = PROGRAMS.get(userAgent);
  if (known !== undefined) return known;
  const [first = ""] = userAgent.split("/", 1);
  const [printable = ""] = first.split(UNPRINTABLE, 1);
  const program = printable.slice(0, MANAGER_LENGTH_MAX) || NOBODY;
  if (PROGRAMS.size >= PROGRAMS_MAX) PROGRAMS.clear();
  PROGRAMS.set(userAgent, program);
  return program;
}

/** @throws {StatusError} Invalid when the options do not fit the type of the patch */
export function rejectApplyOptions(query: URLSearchParams, isApply: boolean): void {
  const kind = "PatchOptions";
  if (!isApply && query.has("force")) {
    throw wrong(kind, forbidden("force", "may not be specified for non-apply patch"));
  }
  if (isApply && !query.get("fieldManager")) {
    throw wrong(kind, required("fieldManager", "is required for apply patch"));
  }
}

function wrong(kind: string, error: FieldError): StatusError {
  return invalidStatus({ apiVersion: "meta.k8s.io/v1", kind }, "", [error]);
}
