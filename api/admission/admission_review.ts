import { isJsonObject } from "../types/json.ts";
import type { KubeObject } from "../types/meta.ts";
import type { Resource } from "../types/resources.ts";
import { Denial } from "../types/status.ts";
import type { User } from "../authentication/user.ts";
import { groupOf } from "../registry/keys.ts";
import type { Attempt } from "./admission.ts";

/** The question and the answer between the server and a webhook: AdmissionReview of admission.k8s.io/v1. */

/** What a write is, for webhooks. */
export interface Review {
  readonly operation: Attempt["operation"] | "CONNECT";
  readonly resource: Resource<KubeObject>;
  readonly subresource: string;
  /** The kind of the objects, which is another one under subresources such as `scale`. */
  readonly of: Resource<KubeObject>;
  readonly namespace: string;
  readonly name: string;
  /** Absent for a deletion; of a stream its options, which have no metadata. */
  readonly object: KubeObject | undefined;
  readonly old: KubeObject | undefined;
  readonly user: User | undefined;
  readonly isDryRun: boolean;
}

const VERSION = "admission.k8s.io/v1";

export function reviewBody(review: Review, uid: string): string {
  const { object = null, old: oldObject = null } = review;
  const request = { ...requestOf(review, uid), object, oldObject };
  return JSON.stringify({ kind: "AdmissionReview", apiVersion: VERSION, request });
}

/** All of the question but the objects. */
export function requestOf(review: Review, uid: string) {
  const { operation, resource, subresource, of, namespace, name, user, isDryRun } = review;
  const kind = { ...groupVersion(of), kind: of.kind };
  const wanted = { ...groupVersion(resource), resource: resource.resource };
  const sub = subresource === "" ? {} : { subResource: subresource };
  return {
    uid,
    kind,
    resource: wanted,
    ...sub,
    requestKind: kind,
    requestResource: wanted,
    ...(subresource !== "" && { requestSubResource: subresource }),
    name,
    ...(namespace !== "" && { namespace }),
    operation,
    userInfo: userInfo(user),
    dryRun: isDryRun,
    ...(operation !== "CONNECT" && { options: optionsOf(operation, isDryRun) }),
  };
}

function optionsOf(operation: string, isDryRun: boolean) {
  return {
    kind: `${operation.charAt(0)}${operation.slice(1).toLowerCase()}Options`,
    apiVersion: "meta.k8s.io/v1",
    ...(isDryRun && { dryRun: ["All"] }),
  };
}

function groupVersion({ apiVersion }: Resource<KubeObject>) {
  const version = apiVersion.slice(apiVersion.indexOf("/") + 1);
  return { group: groupOf(apiVersion), version };
}

function userInfo(user: User | undefined) {
  if (user === undefined) return { username: "system:apiserver", groups: ["system:masters"] };
  const { name: username, groups, uid, extra } = user;
  return { username, ...(uid && { uid }), groups, ...(extra && { extra }) };
}

export interface Verdict {
  /** A JSON patch, of a mutating webhook that wants something else. */
  readonly patch: unknown;
  readonly warnings: readonly string[];
}

/** Warnings of one webhook, and the length of each. Source: k8s.io/apiserver, warning limits. */
const WARNINGS_MAX = 32;
const WARNING_LENGTH_MAX = 1024;

/** The answer breaks the rules of the conversation: the webhook counts as failed. */
class InvalidAnswer extends Error {}

/**
 * @throws {Denial} when the webhook says no
 * @throws {InvalidAnswer}
 */
export function readVerdict(name: string, uid: string, json: unknown): Verdict {
  const review = isJsonObject(json) ? json : {};
  if (review["kind"] !== "AdmissionReview" || review["apiVersion"] !== VERSION) {
    const got = `got ${
      JSON.stringify(`${review["apiVersion"] ?? ""}, Kind=${review["kind"] ?? ""}`)
    }`;
    throw invalid(`expected webhook response of ${VERSION}, Kind=AdmissionReview, ${got}`);
  }
  const response = review["response"];
  if (!isJsonObject(response)) throw invalid("webhook response was absent");
  const { uid: said = "", allowed, status, patch, patchType, warnings } = response;
  if (said !== uid) {
    throw invalid(`expected response.uid=${JSON.stringify(uid)}, got ${JSON.stringify(said)}`);
  }
  if (allowed !== true) throw denial(name, status);
  return { patch: readPatch(patch, patchType), warnings: readWarnings(warnings) };
}

const invalid = (why: string) => new InvalidAnswer(`received invalid webhook response: ${why}`);

function readPatch(patch: unknown, patchType: unknown): unknown {
  if (patch === undefined || patch === null || patch === "") {
    if (patchType) throw invalid("webhook returned response.patchType but not response.patch");
    return undefined;
  }
  if (patchType === undefined || patchType === "") {
    throw invalid("webhook returned response.patch but not response.patchType");
  }
  if (patchType !== "JSONPatch") {
    throw invalid(`webhook returned invalid response.patchType of ${JSON.stringify(patchType)}`);
  }
  try {
    return JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(String(patch))));
  } catch (error) {
    throw invalid(`response.patch: ${(error as Error).message}`);
  }
}

function readWarnings(warnings: unknown): string[] {
  if (!Array.isArray(warnings)) return [];
  return warnings.slice(0, WARNINGS_MAX).map((one) => String(one).slice(0, WARNING_LENGTH_MAX));
}

/** Source: k8s.io/apiserver, webhookerrors.ToStatusErr. */
function denial(name: string, status: unknown): Denial {
  const { code, message, reason } = isJsonObject(status) ? status : {};
  const denied = `admission webhook ${JSON.stringify(name)} denied the request`;
  const why = [message, reason].find((one) => typeof one === "string" && one !== "");
  return new Denial(
    why === undefined ? `${denied} without explanation` : `${denied}: ${why}`,
    typeof code === "number" && code >= 400 && code < 600 ? code : 400,
    typeof reason === "string" ? reason : "",
  );
}
