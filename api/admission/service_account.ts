import type { Pod } from "../types/core_v1.ts";
import { PODS, SERVICE_ACCOUNTS } from "../types/resources.ts";
import { keyOf } from "../registry/keys.ts";
import { forbidden } from "../registry/refusals.ts";
import type { Admission } from "./admission.ts";

/** It comes with its namespace, and a pod may be a moment faster. */
const DEFAULT = "default";

/** A pod runs as an account that is there. Text: k8s.io/kubernetes, plugin serviceaccount. */
export const serviceAccount: Admission = ({ operation, kind, namespace, object }, view) => {
  if (operation !== "CREATE" || kind.resource.kind !== "Pod") return;
  const { metadata, spec: { serviceAccountName: name = DEFAULT } } = object as Pod;
  if (name === DEFAULT || view.get(keyOf(SERVICE_ACCOUNTS, namespace, name)) !== undefined) return;
  const why = `error looking up service account ${namespace}/${name}: ` +
    `serviceaccount ${JSON.stringify(name)} not found`;
  throw forbidden(PODS, metadata.name, why);
};
