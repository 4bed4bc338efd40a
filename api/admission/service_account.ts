import type { Random } from "../types/ambient.ts";
import type { Pod, ServiceAccount } from "../types/core_v1.ts";
import { PODS, SERVICE_ACCOUNTS } from "../types/resources.ts";
import { generateName } from "../registry/generate_name.ts";
import { keyOf } from "../registry/keys.ts";
import { forbidden } from "../registry/refusals.ts";
import type { Admission } from "./admission.ts";
import { withAccess } from "./service_account_volume.ts";

/** It comes with its namespace, and a pod may be a moment faster. */
const DEFAULT = "default";
/** Of pods that an agent got from a file: they run without the API, and as no account. */
const MIRROR = "kubernetes.io/config.mirror";

/**
 * A pod runs as an account that is there, finds a token of it unless it or the account says otherwise, and pulls
 * its images as the account does. Source: k8s.io/kubernetes, plugin serviceaccount, also for the text.
 */
export function serviceAccount(random: Random): Admission {
  return ({ operation, kind, namespace, object, subresource = "" }, view) => {
    if (operation !== "CREATE" || kind.resource.kind !== "Pod" || subresource !== "") return;
    const pod = object as Pod;
    if (pod.metadata.annotations?.[MIRROR] !== undefined) return;
    const { serviceAccountName: name = DEFAULT } = pod.spec;
    const account = view.get(keyOf(SERVICE_ACCOUNTS, namespace, name)) as
      | { object: ServiceAccount }
      | undefined;
    if (account === undefined && name !== DEFAULT) throw unknownAccount(pod, namespace, name);
    const pulling = withPullSecrets(pod, account?.object);
    const mounts = pod.spec.automountServiceAccountToken ??
      account?.object.automountServiceAccountToken ?? true;
    return mounts ? withAccess(pulling, (prefix) => generateName(prefix, random)) : pulling;
  };
}

function unknownAccount({ metadata }: Pod, namespace: string, name: string): Error {
  const why = `error looking up service account ${namespace}/${name}: ` +
    `serviceaccount ${JSON.stringify(name)} not found`;
  return forbidden(PODS, metadata.name, why);
}

function withPullSecrets(pod: Pod, account: ServiceAccount | undefined): Pod {
  const { imagePullSecrets = [] } = account ?? {};
  if (imagePullSecrets.length === 0 || (pod.spec.imagePullSecrets ?? []).length > 0) return pod;
  return { ...pod, spec: { ...pod.spec, imagePullSecrets } };
}
