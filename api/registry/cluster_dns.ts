import type { Endpoints, Service } from "../types/core_v1.ts";
import type { KubeObject } from "../types/meta.ts";
import { ENDPOINTS, SERVICES } from "../types/resources.ts";
import { formatIpv4 } from "./ip_addresses.ts";
import { parseServiceCidr } from "./service_ips.ts";

/** Source: kubeadm, GetDNSIP: the tenth address of the range. */
const DNS_PLACE = 10;
const PORT = 53;
const METADATA = { name: "kube-dns", namespace: "kube-system" };

/** The address that pods ask for names; in a small range the last one that services may have. */
export function dnsServiceIp(serviceCidr: string): string {
  const { base, size } = parseServiceCidr(serviceCidr);
  return formatIpv4(base + Math.min(DNS_PLACE, size - 2));
}

/**
 * The service of the cluster's DNS and its endpoints, made once and the users' from then on. The label keeps the data
 * path away from it: the agent of each node answers at its very address, so that no question leaves its node.
 */
export function dnsObjects(serviceCidr: string): readonly KubeObject[] {
  return [dnsService(dnsServiceIp(serviceCidr)), dnsEndpoints(dnsServiceIp(serviceCidr))];
}

function dnsService(clusterIP: string): Service {
  const { apiVersion, kind } = SERVICES;
  return {
    apiVersion,
    kind,
    metadata: {
      ...METADATA,
      labels: {
        "k8s-app": "kube-dns",
        "kubernetes.io/cluster-service": "true",
        "kubernetes.io/name": "KubeDNS",
        "service.kubernetes.io/service-proxy-name": "wherry-dns",
      },
    },
    spec: {
      type: "ClusterIP",
      clusterIP,
      clusterIPs: [clusterIP],
      ports: [
        { name: "dns", port: PORT, protocol: "UDP", targetPort: PORT },
        { name: "dns-tcp", port: PORT, protocol: "TCP", targetPort: PORT },
      ],
    },
  };
}

function dnsEndpoints(ip: string): Endpoints {
  const { apiVersion, kind } = ENDPOINTS;
  return {
    apiVersion,
    kind,
    metadata: { ...METADATA, labels: { "k8s-app": "kube-dns" } },
    subsets: [{
      addresses: [{ ip }],
      ports: [
        { name: "dns", port: PORT, protocol: "UDP" },
        { name: "dns-tcp", port: PORT, protocol: "TCP" },
      ],
    }],
  };
}
