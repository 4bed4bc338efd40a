import type { ConfigMap, Namespace } from "../api/types/core_v1.ts";
import { CONFIG_MAPS, NAMESPACES } from "../api/types/resources.ts";
import { toward } from "../client/writes.ts";
import { type Controller, NOTHING_TO_DO, onChangeOf } from "./controller.ts";

export const ROOT_CA = "kube-root-ca.crt";

/** Keeps a config map in each namespace by which pods know the API server. */
export function rootCaController(caPem: string): Controller<Namespace> {
  return {
    name: "root-ca-certificate-publisher",
    reconciles: NAMESPACES,
    requeueOn: [
      onChangeOf(CONFIG_MAPS, ({ before, after }) => {
        const { name = "", namespace = "" } = (after ?? before)?.metadata ?? {};
        return name === ROOT_CA ? [{ namespace: "", name: namespace }] : [];
      }),
    ],
    plan({ metadata, status }, { cache }) {
      if (metadata.deletionTimestamp !== undefined || status?.phase === "Terminating") {
        return NOTHING_TO_DO;
      }
      const wanted: ConfigMap = {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: {
          name: ROOT_CA,
          namespace: metadata.name,
          annotations: { "kubernetes.io/description": DESCRIPTION },
        },
        data: { "ca.crt": caPem },
      };
      return { writes: toward(cache.get(CONFIG_MAPS, metadata.name, ROOT_CA), wanted) };
    },
  };
}

/** Source: k8s.io/kubernetes, pkg/controller/certificates/rootcacertpublisher. */
const DESCRIPTION = "Contains a CA bundle that can be used to verify the kube-apiserver when " +
  "using internal endpoints such as the internal service IP or kubernetes.default.svc. No other " +
  "usage is guaranteed across distributions of Kubernetes clusters.";
