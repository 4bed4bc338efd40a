import { applyJsonPatch } from "../types/json_patch.ts";
import { isJsonObject } from "../types/json.ts";
import { mergePatch } from "../types/merge_patch.ts";
import type { MessageSchema } from "../types/schema.ts";
import { StatusError } from "../types/status.ts";
import { strategicMerge } from "../types/strategic_merge.ts";

/** `apply` is no patch of the object but a configuration, whose owner counts. */
export type PatchType = MergeType | "apply";
export type MergeType = "json" | "merge" | "strategic";

/**
 * @returns JSON that shares parts with `object`, which is not changed: decode it before anything else
 * @throws {StatusError} BadRequest, Invalid when the patch does not fit
 */
export function applyPatch(
  type: MergeType,
  schema: MessageSchema,
  object: unknown,
  patch: unknown,
): unknown {
  if (type === "json") return applyJsonPatch(object, patch);
  if (type === "strategic" && schema.structure !== undefined) throw noStrategy();
  if (!isJsonObject(patch)) {
    throw new StatusError("BadRequest", "the patch must be a JSON object");
  }
  return type === "merge" ? mergePatch(object, patch) : strategicMerge(schema, object, patch);
}

/** The types of custom kinds say nothing of it. Source: apiextensions-apiserver, customresource_handler.go. */
function noStrategy(): StatusError {
  const supported = [
    "application/json-patch+json",
    "application/merge-patch+json",
    "application/apply-patch+yaml",
  ];
  const why = "the body of the request was in an unknown format - accepted media types include";
  return new StatusError("UnsupportedMediaType", `${why}: ${supported.join(", ")}`);
}
