import type { AuditFiles, FLAGS, PodRules, Settings, Storage } from "./flags.ts";
import { asNodeFlags } from "./node_flags.ts";

/** The flags that make another process act on the same cluster. */
export function asFlags(settings: Settings): string[] {
  const { nodePortRange: { first, last }, storage, audit } = settings;
  return [
    ...fileFlags(storage, audit),
    ...settings.schedulerPolicy ? [`--policy-config-file=${settings.schedulerPolicy}`] : [],
    ...podFlags(settings.pods),
    ...inFlightFlags(settings.inFlight),
    ...asNodeFlags(settings.node),
    `--data-dir=${settings.dataDir}`,
    `--cluster-name=${settings.clusterName}`,
    `--bind-address=${settings.bindAddress}`,
    `--advertise-address=${settings.advertiseAddress}`,
    `--api-port=${settings.apiPort}`,
    `--agent-port=${settings.agentPort}`,
    `--service-cidr=${settings.serviceCidr}`,
    `--cluster-cidr=${settings.clusterCidr}`,
    `--node-port-range=${first}-${last}`,
    ...settings.loadBalancerPool ? [`--load-balancer-pool=${settings.loadBalancerPool}`] : [],
    `--node-name=${settings.nodeName}`,
    `--backend=${settings.backend}`,
    `--overlay=${settings.overlay ?? "vxlan"}`,
    `--docker-host=${settings.dockerHost}`,
    `--logging-format=${settings.loggingFormat ?? "text"}`,
  ];
}

/** A record of a cluster that is older than these flags has none. */
function podFlags(pods: Partial<PodRules> = {}): string[] {
  const { allowedUnsafeSysctls = [], pidsMax } = pods;
  return [
    ...allowedUnsafeSysctls.length === 0
      ? []
      : [`--allowed-unsafe-sysctls=${allowedUnsafeSysctls.join(",")}`],
    ...pidsMax === undefined ? [] : [`--pod-max-pids=${pidsMax}`],
  ];
}

function inFlightFlags(inFlight: Settings["inFlight"]): string[] {
  if (inFlight === undefined) return [];
  return [
    `--max-requests-inflight=${inFlight.readOnly}`,
    `--max-mutating-requests-inflight=${inFlight.mutating}`,
  ];
}

/** A record of a cluster that is older than these flags has none. */
function fileFlags(storage: Partial<Storage> = {}, audit: Partial<AuditFiles> = {}): string[] {
  const flags = {
    "store": storage.store,
    "etcd-cafile": storage.etcdCaFile,
    "etcd-certfile": storage.etcdCertFile,
    "etcd-keyfile": storage.etcdKeyFile,
    "encryption-key-file": storage.encryptionKeyFile,
    "audit-log-path": audit.log,
    "audit-policy-file": audit.policy,
  } satisfies { [name in keyof typeof FLAGS]?: string | undefined };
  return Object.entries(flags).flatMap(([name, value]) => value ? [`--${name}=${value}`] : []);
}
