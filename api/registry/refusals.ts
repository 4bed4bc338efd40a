import type { KubeObject, ObjectMeta } from "../types/meta.ts";
import type { Resource } from "../types/resources.ts";
import { type FieldError, type StatusDetails, StatusError } from "../types/status.ts";
import { groupOf, qualifiedName } from "./keys.ts";

/** Refusals in Kubernetes's words. Source: k8s.io/apimachinery/pkg/api/errors. */

type Of = Resource<KubeObject>;

export function notFound(of: Of, name: string): StatusError {
  const message = `${qualifiedName(of)} ${JSON.stringify(name)} not found`;
  return new StatusError("NotFound", message, [], detailsOf(of, name));
}

export function alreadyExists(of: Of, name: string): StatusError {
  const message = `${qualifiedName(of)} ${JSON.stringify(name)} already exists`;
  return new StatusError("AlreadyExists", message, [], detailsOf(of, name));
}

/** Every name that was made from `generateName` is taken. */
export function noFreeName(of: Of, name: string): StatusError {
  const { message } = alreadyExists(of, name);
  const why = "the server was not able to generate a unique name for the object";
  const details = { ...detailsOf(of, name), retryAfterSeconds: 1 };
  return new StatusError("AlreadyExists", `${message}, ${why}`, [], details);
}

export function conflict(of: Of, name: string, why: string): StatusError {
  const what = `Operation cannot be fulfilled on ${qualifiedName(of)} ${JSON.stringify(name)}`;
  return new StatusError("Conflict", `${what}: ${why}`, [], detailsOf(of, name));
}

export function forbidden(
  of: Of,
  name: string,
  why: string,
  causes: readonly FieldError[] = [],
): StatusError {
  const named = name === "" ? qualifiedName(of) : `${qualifiedName(of)} ${JSON.stringify(name)}`;
  return new StatusError("Forbidden", `${named} is forbidden: ${why}`, causes, detailsOf(of, name));
}

/** In errors the kind of a Status is the resource. */
export function detailsOf(of: Of, name: string): StatusDetails {
  const group = groupOf(of.apiVersion);
  return {
    ...(name !== "" && { name }),
    ...(group !== "" && { group }),
    kind: of.resource,
  };
}

const MODIFIED =
  "the object has been modified; please apply your changes to the latest version and try again";

/**
 * Holds an update to the version that the client saw; one without a resourceVersion is unconditional.
 * @throws {StatusError} Conflict
 */
export function rejectStale(of: Of, claimed: KubeObject, old: KubeObject): void {
  const { resourceVersion = "", uid = "" } = claimed.metadata;
  rejectOtherUid(of, old, uid);
  if (resourceVersion === "" || resourceVersion === old.metadata.resourceVersion) return;
  throw conflict(of, old.metadata.name, MODIFIED);
}

/** @throws {StatusError} Conflict when the object is not the one that the client means */
export function rejectOtherUid(of: Of, old: KubeObject, uid: string): void {
  if (uid === "" || uid === old.metadata.uid) return;
  const why = `UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`;
  throw conflict(of, old.metadata.name, `Precondition failed: ${why}`);
}

/**
 * Holds an update of what is not there to a name: whoever says a uid has read an object that is gone since, and
 * must not bring it back.
 * @throws {StatusError} Conflict
 */
export function rejectGone(of: Of, name: string, { uid = "" }: ObjectMeta): void {
  if (uid === "") return;
  const why = `UID in precondition: ${uid}, UID in object meta: `;
  throw conflict(of, name, `Precondition failed: ${why}`);
}

/** @throws {StatusError} Conflict when the object has changed since */
export function rejectOtherVersion(of: Of, old: KubeObject, version: string): void {
  const { name, resourceVersion } = old.metadata;
  if (version === "" || version === resourceVersion) return;
  const why =
    `ResourceVersion in precondition: ${version}, ResourceVersion in object meta: ${resourceVersion}`;
  throw conflict(of, name, `Precondition failed: ${why}`);
}
