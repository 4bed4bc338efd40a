import { createHash, X509Certificate } from "node:crypto";
import type { ConfigMap } from "../api/types/core_v1.ts";
import { CONFIG_MAPS } from "../api/types/resources.ts";
import { hasReason } from "../api/types/status.ts";
import type { Api } from "../client/api.ts";
import type { Settings } from "./flags.ts";

export const CLUSTER_INFO_NAMESPACE = "kube-public";
export const CLUSTER_INFO = "cluster-info";

/** What a host that joins has to know of the cluster, besides its authority: every node has the same. */
export type SharedSettings = Pick<
  Settings,
  "clusterName" | "clusterCidr" | "serviceCidr" | "overlay"
>;

/** `sha256:` and the hash of the authority's public key. Source: kubeadm, --discovery-token-ca-cert-hash. */
export function hashOfAuthority(caPem: string): string {
  const { publicKey } = new X509Certificate(caPem);
  const der = publicKey.export({ type: "spki", format: "der" });
  return `sha256:${createHash("sha256").update(der).digest("hex")}`;
}

/** For everybody to read. Source of place and form: kubeadm's cluster-info. */
export function clusterInfoOf(
  { shared, server, caPem }: { shared: SharedSettings; server: string; caPem: string },
): ConfigMap {
  const kubeconfig = [
    "apiVersion: v1",
    "kind: Config",
    "clusters:",
    '- name: ""',
    "  cluster:",
    `    server: ${server}`,
    `    certificate-authority-data: ${btoa(caPem)}`,
    "contexts: null",
    'current-context: ""',
    "preferences: {}",
    "users: null",
  ].join("\n");
  return {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: CLUSTER_INFO, namespace: CLUSTER_INFO_NAMESPACE },
    data: {
      kubeconfig: `${kubeconfig}\n`,
      clusterName: shared.clusterName,
      clusterCidr: shared.clusterCidr,
      serviceCidr: shared.serviceCidr,
      overlay: shared.overlay,
    },
  };
}

/** Makes the object what it should be; a master that starts with another address says so. */
export async function publishClusterInfo(api: Api, wanted: ConfigMap): Promise<void> {
  try {
    const there = await api.get(CONFIG_MAPS, CLUSTER_INFO_NAMESPACE, CLUSTER_INFO);
    if (JSON.stringify(there.data) === JSON.stringify(wanted.data)) return;
    await api.update(CONFIG_MAPS, { ...there, data: { ...there.data, ...wanted.data } });
  } catch (error) {
    if (!hasReason(error, "NotFound")) throw error;
    await api.create(CONFIG_MAPS, wanted);
  }
}
