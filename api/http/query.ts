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

/** @throws {StatusError} BadRequest unless the parameter is absent or a whole number from 0 */
export function countIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === "") return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const why = `strconv.ParseUint: parsing ${JSON.stringify(text)}: invalid syntax`;
  throw new StatusError("BadRequest", `${name}: Invalid value: ${JSON.stringify(text)}: ${why}`);
}

/** @throws {StatusError} BadRequest unless the parameter is absent or a boolean as Go reads them */
export function flagIn(query: URLSearchParams, name: string): boolean {
  const text = query.get(name);
  if (text === null) return false;
  if (["", "1", "t", "T", "true", "TRUE", "True"].includes(text)) return true;
  if (["0", "f", "F", "false", "FALSE", "False"].includes(text)) return false;
  const why = `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`;
  throw new StatusError("BadRequest", `${name}: Invalid value: ${JSON.stringify(text)}: ${why}`);
}
