import type { Pod, ServiceAccount } from "../types/core_v1.ts";
import { PODS, SERVICE_ACCOUNTS } from "../types/resources.ts";
import { keyOf } from "../registry/keys.ts";
import { forbidden } from "../registry/refusals.ts";
import type { Admission } from "./admission.ts";

/** It comes with its namespace, and a pod may be a moment faster. */
const DEFAULT = "default";

/**
 * A pod runs as an account that is there, and pulls its images with the account's secrets unless it names its
 * own. Text: k8s.io/kubernetes, plugin serviceaccount.
 */
export const serviceAccount: Admission = ({ operation, kind, namespace, object }, view) => {
  if (operation !== "CREATE" || kind.resource.kind !== "Pod") return;
  const pod = object as Pod;
  const { metadata, spec: { serviceAccountName: name = DEFAULT, imagePullSecrets = [] } } = pod;
  const found = view.get(keyOf(SERVICE_ACCOUNTS, namespace, name))?.object;
  if (found === undefined && name !== DEFAULT) {
    const why = `error looking up service account ${namespace}/${name}: ` +
      `serviceaccount ${JSON.stringify(name)} not found`;
    throw forbidden(PODS, metadata.name, why);
  }
  const { imagePullSecrets: ofAccount = [] } = (found ?? {}) as ServiceAccount;
  if (imagePullSecrets.length > 0 || ofAccount.length === 0) return;
  return { ...pod, spec: { ...pod.spec, imagePullSecrets: ofAccount } } as Pod;
};
