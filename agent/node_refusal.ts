import type { Container, Pod } from "../api/types/core_v1.ts";
import type { PodFailure } from "./status_sources.ts";
import { dotted } from "./sandbox_config.ts";

/** Kernel settings of a pod's own namespaces that harm no other pod. Source: kubelet, sysctl.SafeSysctlAllowlist. */
const SAFE_SYSCTLS: ReadonlySet<string> = new Set([
  "kernel.shm_rmid_forced",
  "net.ipv4.ip_local_port_range",
  "net.ipv4.tcp_syncookies",
  "net.ipv4.ping_group_range",
  "net.ipv4.ip_unprivileged_port_start",
  "net.ipv4.ip_local_reserved_ports",
  "net.ipv4.tcp_keepalive_time",
  "net.ipv4.tcp_fin_timeout",
  "net.ipv4.tcp_keepalive_intvl",
  "net.ipv4.tcp_keepalive_probes",
  "net.ipv4.tcp_rmem",
  "net.ipv4.tcp_wmem",
]);

/** Which namespace a sysctl belongs to, by how its name begins. Source: kubelet, sysctl.GetNamespace. */
const OF_IPC = ["kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."];
const OF_NET = ["net."];

export interface NodeRules {
  /** Besides the safe ones: names, or beginnings of names with a star behind. */
  readonly allowedUnsafeSysctls: readonly string[];
  readonly hasAppArmor: boolean;
}

/** Why this node won't run the pod, whatever runs beside it. @returns undefined when it will */
export function refusalByNode(pod: Pod, rules: NodeRules): PodFailure | undefined {
  const sysctl = forbiddenSysctl(pod, rules.allowedUnsafeSysctls);
  if (sysctl !== undefined) {
    return { reason: "SysctlForbidden", message: `Pod was rejected: forbidden sysctl: ${sysctl}` };
  }
  if (rules.hasAppArmor || !asksForAppArmor(pod)) return undefined;
  const why = "Cannot enforce AppArmor: AppArmor is not enabled on the host";
  return { reason: "AppArmor", message: `Pod was rejected: ${why}` };
}

function forbiddenSysctl({ spec }: Pod, allowed: readonly string[]): string | undefined {
  const { sysctls = [] } = spec.securityContext ?? {};
  const begins = (name: string, starts: readonly string[]) =>
    starts.some((start) => name.startsWith(start));
  for (const name of sysctls.map(({ name }) => dotted(name))) {
    if (!SAFE_SYSCTLS.has(name) && !isAllowed(name, allowed)) return `"${name}" not allowlisted`;
    if (spec.hostNetwork && begins(name, OF_NET)) {
      return `"${name}" not allowed with host net enabled`;
    }
    if (spec.hostIPC && begins(name, OF_IPC)) return `"${name}" not allowed with host ipc enabled`;
  }
  return undefined;
}

function isAllowed(name: string, allowed: readonly string[]): boolean {
  return allowed.some((pattern) =>
    pattern.endsWith("*") ? name.startsWith(pattern.slice(0, -1)) : name === dotted(pattern)
  );
}

/** A profile that is not Unconfined must be enforced. */
function asksForAppArmor({ spec }: Pod): boolean {
  const containers: Pick<Container, "securityContext">[] = [
    ...spec.initContainers ?? [],
    ...spec.containers,
    ...spec.ephemeralContainers ?? [],
  ];
  const profiles = containers.map(({ securityContext }) =>
    securityContext?.appArmorProfile ?? spec.securityContext?.appArmorProfile
  );
  return profiles.some((profile) => profile !== undefined && profile.type !== "Unconfined");
}
