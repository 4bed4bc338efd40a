import type { Container, Pod } from "../api/types/core_v1.ts";
import { toBytes, toMilli } from "../api/types/quantity.ts";
import { specHashOf } from "./container_attempts.ts";
import { expand } from "./environment.ts";
import { qosClassOf } from "./quality_of_service.ts";
import {
  type ContainerConfig,
  type ContainerLimits,
  type ContainerSecurity,
  CPU_PERIOD_MICROS,
  type Mount,
  type PodIdentity,
} from "./runtime.ts";
import type { Start } from "./sync.ts";

/** Source: k8s.io/kubernetes, cm.MilliCPUToShares and MilliCPUToQuota. */
const SHARES_PER_CPU = 1024;
const SHARES_MIN = 2;
const SHARES_MAX = 262_144;
const QUOTA_MICROS_MIN = 1000;

export function identityOf({ metadata: { uid = "", namespace = "", name } }: Pod): PodIdentity {
  return { uid, namespace, name };
}

/** What the runtime needs to make this container in this sandbox. */
export function containerConfig(
  pod: Pod,
  start: Start,
  made: {
    readonly sandboxId: string;
    readonly environment: ReadonlyMap<string, string>;
    readonly mounts: readonly Mount[];
    readonly security: ContainerSecurity;
    readonly runtimeHandler: string | undefined;
    readonly pidsMax: number;
    /** Of the node: what an unlimited container may at most use. */
    readonly memoryCapacityBytes: number;
    /** Id of the container whose processes it sees, when it was added for looking into that. */
    readonly processesOf?: string;
  },
): ContainerConfig {
  const { container, attempt, role, backOffSeconds } = start;
  const expanded = (texts: readonly string[]) =>
    texts.map((text) => expand(text, (name) => made.environment.get(name)));
  const { command = [], args = [], workingDir } = container;
  return {
    pod: identityOf(pod),
    name: container.name,
    attempt,
    isInit: role === "init" || role === "sidecar",
    sandboxId: made.sandboxId,
    image: container.image ?? "",
    specHash: specHashOf(container),
    backOffSeconds,
    graceSeconds: pod.spec.terminationGracePeriodSeconds ?? 30,
    ...(command.length === 0 ? {} : { entrypoint: expanded(command) }),
    // a command without arguments must not get the image's own
    ...(args.length > 0 || command.length > 0 ? { args: expanded(args) } : {}),
    ...(workingDir ? { workingDir } : {}),
    env: [...made.environment].map(([name, value]) => `${name}=${value}`),
    mounts: made.mounts,
    isTty: container.tty ?? false,
    hasStdin: container.stdin ?? false,
    isStdinOnce: container.stdinOnce ?? false,
    limits: { ...limitsOf(pod, container, made.memoryCapacityBytes), pidsMax: made.pidsMax },
    security: made.security,
    isHostPid: pod.spec.hostPID ?? false,
    ...(made.processesOf === undefined ? {} : { processesOf: made.processesOf }),
    isPidShared: pod.spec.shareProcessNamespace ?? false,
    ...(made.runtimeHandler === undefined ? {} : { runtimeHandler: made.runtimeHandler }),
  };
}

/** CPU requested becomes a weight, CPU limited a quota. A limit alone counts as a request too. */
export function limitsOf(
  pod: Pod,
  { resources: { limits = {}, requests = {} } = {} }: Container,
  memoryCapacityBytes: number,
): Omit<ContainerLimits, "pidsMax"> {
  const cpu = requests.cpu ?? limits.cpu;
  const shares = Math.floor(toMilli(cpu ?? "0") * SHARES_PER_CPU / 1000);
  const quota = toMilli(limits.cpu ?? "0") * CPU_PERIOD_MICROS / 1000;
  const memory = toBytes(requests.memory ?? limits.memory ?? "0");
  return {
    cpuShares: Math.min(Math.max(shares, SHARES_MIN), SHARES_MAX),
    cpuQuotaMicros: quota === 0 ? 0 : Math.max(quota, QUOTA_MICROS_MIN),
    memoryBytes: toBytes(limits.memory ?? "0"),
    oomScoreAdj: oomScoreAdj(pod, memory, memoryCapacityBytes),
  };
}

/** Who asked for more of the memory dies later. Source: kubelet, qos.GetContainerOOMScoreAdjust. */
function oomScoreAdj(pod: Pod, memoryBytes: number, capacityBytes: number): number {
  const qos = qosClassOf(pod);
  if (qos === "Guaranteed") return -997;
  if (qos === "BestEffort") return 1000;
  const share = capacityBytes === 0 ? 0 : Math.floor(1000 * memoryBytes / capacityBytes);
  return Math.min(Math.max(1000 - share, 3), 999);
}
