import { parse } from "yaml";
import type { ConfigMap } from "../api/types/core_v1.ts";
import { CLUSTER_INFO, type SharedSettings } from "./cluster_info.ts";

/** What a host that joins has learned. */
export interface ClusterInfo {
  readonly caPem: string;
  readonly shared: SharedSettings;
}

/** @throws {Error} when it is no such object, or a part is missing */
export function readClusterInfo(object: unknown): ClusterInfo {
  const { data = {} } = object as Partial<ConfigMap>;
  interface Kubeconfig {
    readonly clusters?: { cluster?: { "certificate-authority-data"?: string } }[];
  }
  const config = parse(data.kubeconfig ?? "") as Kubeconfig | null;
  const authority = config?.clusters?.[0]?.cluster?.["certificate-authority-data"];
  if (authority === undefined) throw new Error(`${CLUSTER_INFO} names no authority`);
  const { clusterName, clusterCidr, serviceCidr, overlay } = data;
  if (!clusterName || !clusterCidr || !serviceCidr) {
    throw new Error(`${CLUSTER_INFO} does not say what ranges of addresses the cluster has`);
  }
  const mode = overlay === "routes" ? "routes" : "vxlan";
  return {
    caPem: atob(authority),
    shared: { clusterName, clusterCidr, serviceCidr, overlay: mode },
  };
}
