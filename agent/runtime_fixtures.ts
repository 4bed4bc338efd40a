import type { ContainerConfig, ContainerSecurity, PodIdentity, SandboxConfig } from "./runtime.ts";

const POD: PodIdentity = { uid: "u1", namespace: "default", name: "web" };

/** What a container has that asks for nothing. */
export const PLAIN_SECURITY: ContainerSecurity = {
  isPrivileged: false,
  isRootReadOnly: false,
  groups: [],
  addCapabilities: [],
  dropCapabilities: [],
  mayGainPrivileges: true,
  isProcUnmasked: false,
};

/** The sandbox of a pod that asks for nothing, unless told otherwise. */
export function sandboxWith(change: Partial<SandboxConfig> = {}): SandboxConfig {
  const { pod = POD } = change;
  return {
    pod,
    attempt: 0,
    hostname: pod.name,
    isHostNetwork: false,
    isHostPid: false,
    isHostIpc: false,
    isPidShared: false,
    sysctls: {},
    graceSeconds: 1,
    ...change,
  };
}

/** A container that asks for nothing, unless told otherwise. */
export function containerWith(change: Partial<ContainerConfig> = {}): ContainerConfig {
  return {
    pod: POD,
    name: "a",
    attempt: 0,
    isInit: false,
    sandboxId: "",
    image: "shop:1",
    specHash: "",
    backOffSeconds: 0,
    graceSeconds: 1,
    env: [],
    mounts: [],
    isTty: false,
    hasStdin: false,
    isStdinOnce: false,
    limits: { cpuShares: 2, cpuQuotaMicros: 0, memoryBytes: 0, oomScoreAdj: 1000, pidsMax: 0 },
    security: PLAIN_SECURITY,
    isHostPid: false,
    isPidShared: false,
    ...change,
  };
}
