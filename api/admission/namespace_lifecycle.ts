import type { Namespace } from "../types/core_v1.ts";
import { NAMESPACES } from "../types/resources.ts";
import { keyOf } from "../registry/keys.ts";
import { forbidden, notFound } from "../registry/refusals.ts";
import type { Admission, Attempt } from "./admission.ts";

/** Objects are made in namespaces that are there and that stay. Texts: Kubernetes, plugin NamespaceLifecycle. */
export const namespaceLifecycle: Admission = (attempt, view) => {
  const { operation, kind, namespace } = attempt;
  if (operation !== "CREATE" || !kind.resource.isNamespaced) return;
  const stored = view.get(keyOf(NAMESPACES, "", namespace))?.object as Namespace | undefined;
  if (stored === undefined) throw notFound(NAMESPACES, namespace);
  const { metadata, status } = stored;
  if (status?.phase !== "Terminating" && metadata.deletionTimestamp === undefined) return;
  throw refusal(attempt);
};

function refusal({ kind, namespace, object }: Attempt) {
  const why =
    `unable to create new content in namespace ${namespace} because it is being terminated`;
  return forbidden(kind.resource, object.metadata.name, why, [{
    field: "metadata.namespace",
    reason: "NamespaceTerminating",
    message: `namespace ${namespace} is being terminated`,
  }]);
}
