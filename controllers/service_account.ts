import type { Namespace, ServiceAccount } from "../api/types/core_v1.ts";
import { NAMESPACES, SERVICE_ACCOUNTS } from "../api/types/resources.ts";
import { type Controller, NOTHING_TO_DO, onChangeOf } from "./controller.ts";

/** The account of pods that name none. */
const NAME = "default";

/** Keeps a ServiceAccount `default` in each namespace. */
export const serviceAccountController: Controller<Namespace> = {
  name: "service-account-controller",
  reconciles: NAMESPACES,
  requeueOn: [
    onChangeOf(SERVICE_ACCOUNTS, ({ before, after }) => {
      const isGone = after === undefined && before?.metadata.name === NAME;
      return isGone ? [{ namespace: "", name: before.metadata.namespace ?? "" }] : [];
    }),
  ],
  plan({ metadata, status }, { cache }) {
    if (metadata.deletionTimestamp !== undefined || status?.phase === "Terminating") {
      return NOTHING_TO_DO;
    }
    const { name: namespace } = metadata;
    if (cache.get(SERVICE_ACCOUNTS, namespace, NAME) !== undefined) return NOTHING_TO_DO;
    const object: ServiceAccount = {
      apiVersion: "v1",
      kind: "ServiceAccount",
      metadata: { name: NAME, namespace },
    };
    return { writes: [{ verb: "create", object }] };
  },
};
