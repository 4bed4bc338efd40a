import { invalidStatus, notSupported } from "../types/field_errors.ts";
import { StatusError } from "../types/status.ts";
import type { FieldValidation } from "../registry/decode_object.ts";
import type { PatchType } from "../registry/patch.ts";
import type { WriteOptions } from "../registry/write_options.ts";
import type { Call } from "./exchange.ts";
import { managerOf, rejectApplyOptions } from "./field_manager.ts";

/** Options of requests that stand in the query. */

const VALIDATIONS: readonly string[] = ["Ignore", "Warn", "Strict"];

/** @throws {StatusError} Invalid on a value that Kubernetes does not know */
export function writeOptionsOf(query: URLSearchParams, kind = "CreateOptions"): WriteOptions {
  const fieldValidation = query.get("fieldValidation") || "Warn";
  if (!VALIDATIONS.includes(fieldValidation)) {
    throw wrongOption(kind, "fieldValidation", fieldValidation, VALIDATIONS);
  }
  const isDryRun = isDryRunIn(query.getAll("dryRun"), kind);
  return { isDryRun, fieldValidation: fieldValidation as FieldValidation };
}

/** The same, and who asks, as whom. */
export function writeOptionsFor(
  call: Pick<Call, "query" | "header" | "user">,
  kind = "CreateOptions",
): WriteOptions {
  const manager = managerOf(call, kind);
  return { ...writeOptionsOf(call.query, kind), user: call.user, manager };
}

/** @throws {StatusError} Invalid also when the options do not fit the type of the patch */
export function patchOptionsFor(
  call: Pick<Call, "query" | "header" | "user">,
  type: PatchType,
): WriteOptions {
  const isApply = type === "apply";
  rejectApplyOptions(call.query, isApply);
  const options = writeOptionsFor(call, "PatchOptions");
  return isApply ? { ...options, isForced: flagIn(call.query, "force") } : options;
}

/** @throws {StatusError} Invalid on anything but `All` */
export function isDryRunIn(values: readonly string[], kind: string): boolean {
  const wrong = values.find((value) => value !== "All" && value !== "");
  if (wrong !== undefined) throw wrongOption(kind, "dryRun", wrong, ["All"]);
  return values.includes("All");
}

function wrongOption(kind: string, field: string, value: string, supported: readonly string[]) {
  const options = { apiVersion: "meta.k8s.io/v1", kind };
  return invalidStatus(options, "", [notSupported(field, value, supported)]);
}

/** Source: Go, strconv: what an unsigned and a signed number of 64 bits can hold. */
const [UNSIGNED_MAX, SIGNED_MAX] = [2n ** 64n - 1n, 2n ** 63n - 1n];

/** A revision that a client names; 0 where it names none. @throws {StatusError} BadRequest */
export function revisionIn(query: URLSearchParams): number {
  const text = query.get("resourceVersion");
  if (text === null || text === "") return 0;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const why = `strconv.ParseUint: parsing ${JSON.stringify(text)}: `;
  const isWhole = /^\d+$/.test(text);
  if (isWhole && BigInt(text) <= UNSIGNED_MAX) return Number(text);
  const what = `resourceVersion: Invalid value: ${JSON.stringify(text)}: ${why}`;
  throw new StatusError("BadRequest", what + (isWhole ? OUT_OF_RANGE : NO_NUMBER));
}

const [OUT_OF_RANGE, NO_NUMBER] = ["value out of range", "invalid syntax"];

/**
 * @returns undefined where the parameter is absent
 * @throws {StatusError} BadRequest unless it is a whole number as Go reads them
 */
export function wholeIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const why = `strconv.ParseInt: parsing ${JSON.stringify(text)}: `;
  if (!/^[-+]?\d+$/.test(text)) throw new StatusError("BadRequest", why + NO_NUMBER);
  const value = BigInt(text.replace("+", ""));
  if (value <= SIGNED_MAX && value >= -SIGNED_MAX - 1n) return Number(value);
  throw new StatusError("BadRequest", why + OUT_OF_RANGE);
}

/** Any value but `false` and `0` is a yes, even none. Source: apimachinery, Convert_Slice_string_To_bool. */
export function flagIn(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  return text !== null && !["false", "0"].includes(text.toLowerCase());
}
