import type { Pod } from "../api/types/core_v1.ts";
import { RUNTIME_CLASSES } from "../api/types/node_v1.ts";
import { hasReason } from "../api/types/status.ts";
import type { Api } from "../client/api.ts";
import { identityOf } from "./container_config.ts";
import { fqdnOf, hostnameOf } from "./pod_files.ts";
import type { SandboxConfig } from "./runtime.ts";
import { GRACE_SECONDS_DEFAULT } from "./stop_containers.ts";

/** Source: Linux, HOST_NAME_MAX. */
const FQDN_MAX = 64;

/** @throws {Error} when the pod wants a host name that is longer than the kernel's */
export function sandboxConfig(
  pod: Pod,
  { attempt, clusterDomain, runtimeHandler }: {
    attempt: number;
    clusterDomain: string;
    runtimeHandler: string | undefined;
  },
): SandboxConfig {
  const { spec } = pod;
  const sysctls = spec.securityContext?.sysctls ?? [];
  return {
    pod: identityOf(pod),
    attempt,
    hostname: sandboxHostname(pod, clusterDomain),
    isHostNetwork: spec.hostNetwork ?? false,
    isHostPid: spec.hostPID ?? false,
    isHostIpc: spec.hostIPC ?? false,
    isPidShared: spec.shareProcessNamespace ?? false,
    sysctls: Object.fromEntries(sysctls.map(({ name, value }) => [dotted(name), value])),
    graceSeconds: spec.terminationGracePeriodSeconds ?? GRACE_SECONDS_DEFAULT,
    ...(runtimeHandler === undefined ? {} : { runtimeHandler }),
  };
}

/** Sysctls may be written as paths too. */
export const dotted = (sysctl: string) => sysctl.replaceAll("/", ".");

/**
 * Source: kubelet, GeneratePodHostNameAndDomain and setHostnameAsFQDN.
 * @throws {Error} when the pod wants a host name that is longer than the kernel's
 */
export function sandboxHostname(pod: Pod, clusterDomain: string): string {
  const fqdn = pod.spec.setHostnameAsFQDN ? fqdnOf(pod, clusterDomain) : undefined;
  if (fqdn === undefined) return hostnameOf(pod);
  if (fqdn.length <= FQDN_MAX) return fqdn;
  throw new Error(
    `failed to construct FQDN from pod hostname and cluster domain, FQDN ${fqdn} is too long ` +
      `(${FQDN_MAX} characters is the max, ${fqdn.length} characters requested)`,
  );
}

/** The engine's runtime that the pod's class names; undefined where the pod names no class. */
export async function runtimeHandlerOf(api: Api, { spec }: Pod): Promise<string | undefined> {
  const { runtimeClassName = "" } = spec;
  if (runtimeClassName === "") return undefined;
  try {
    return (await api.get(RUNTIME_CLASSES, "", runtimeClassName)).handler;
  } catch (error) {
    if (!hasReason(error, "NotFound")) throw error;
    throw new Error(`failed to get sandbox runtime: RuntimeClass "${runtimeClassName}" not found`);
  }
}
