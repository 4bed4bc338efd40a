// @ts-types="@types/dockerode"
import type Docker from "dockerode";
import { isOfTheEngine } from "./docker_errors.ts";
import {
  type ContainerConfig,
  CPU_PERIOD_MICROS,
  type Mount,
  type PodIdentity,
  type RuntimeContainer,
  SANDBOX,
  type SandboxConfig,
} from "./runtime.ts";

/** Everything the agent must remember of a container is in these labels. The first six are Kubernetes's. */
const LABEL = {
  pod: "io.kubernetes.pod.name",
  namespace: "io.kubernetes.pod.namespace",
  uid: "io.kubernetes.pod.uid",
  container: "io.kubernetes.container.name",
  attempt: "io.kubernetes.container.restartCount",
  sandbox: "io.kubernetes.sandbox.id",
  cluster: "dev.wherry.cluster",
  hash: "dev.wherry.hash",
  init: "dev.wherry.init",
  backOff: "dev.wherry.back-off-seconds",
  grace: "dev.wherry.grace-seconds",
  standIn: "dev.wherry.stand-in",
} as const;

export const CLUSTER_LABEL = LABEL.cluster;
export const CONTAINER_LABEL = LABEL.container;
/** Labels stay as they were made: one with this label says in its name whose it is. docker_idle.ts. */
export const STAND_IN_LABEL = LABEL.standIn;

/** Written as lines of JSON, which can be read while they are written. Record 0032 says why. */
export const JSON_LOG = "json-file";
/** A container's log on disk: what `kubectl logs` can still read. */
const LOG_FILE_BYTES_MAX = "10m";
const LOG_FILES_MAX = "3";
const SHARED_MEMORY_BYTES = 64 << 20;
/** Less likely to be killed than any container of the pod. Source: kubelet, PodInfraOOMAdj. */
const SANDBOX_OOM_SCORE_ADJ = -998;
const SANDBOX_CPU_SHARES = 2;
/** Source: Linux, OOM_SCORE_ADJ_MIN. */
const OOM_SCORE_ADJ_MIN = -1000;

/** Enough for any server; programs that close every descriptor there could be hang on the engine's billion. */
const OPEN_FILES = { Name: "nofile", Soft: 65_536, Hard: 1_048_576 };

export interface DockerSettings {
  /** Containers of other clusters on this engine are neither seen nor touched. */
  readonly cluster: string;
  readonly sandboxImage: string;
  /** Absent: the image's own. */
  readonly sandboxCommand?: readonly string[];
  /**
   * Whether the host lets anyone protect a process from the OOM killer, which takes CAP_SYS_RESOURCE. Without it
   * nobody can raise a limit either: containers then have the engine's own.
   */
  readonly mayLowerOomScore?: boolean;
}

const PREFIX = "k8s";

/** `k8s_<container>_<pod>_<namespace>_<uid>_<attempt>`. Source: dockershim, makeContainerName. */
export function containerName(pod: PodIdentity, name: string, attempt: number): string {
  return [PREFIX, name, pod.name, pod.namespace, pod.uid, attempt].join("_");
}

/** @param name the engine begins it with a slash. @returns undefined for one that is not a pod's sandbox */
export function ownerIn(name: string): { pod: PodIdentity; attempt: number } | undefined {
  const [prefix, container, podName, namespace, uid, attempt] = name.replace(/^\//, "").split("_");
  if (prefix !== PREFIX || container !== SANDBOX || attempt === undefined) return undefined;
  return { pod: { uid: uid!, namespace: namespace!, name: podName! }, attempt: numberIn(attempt) };
}

function podLabels(cluster: string, pod: PodIdentity): Record<string, string> {
  return {
    [LABEL.cluster]: cluster,
    [LABEL.pod]: pod.name,
    [LABEL.namespace]: pod.namespace,
    [LABEL.uid]: pod.uid,
  };
}

/**
 * A network namespace of its own that Docker leaves alone: with `NetworkDisabled` the engine neither wires it
 * nor runs its hook, which is two thirds of the time that a start with `--network none` takes.
 */
export function sandboxOptions(
  config: SandboxConfig,
  settings: DockerSettings,
): Docker.ContainerCreateOptions {
  const { pod, attempt } = config;
  return {
    name: containerName(pod, SANDBOX, attempt),
    ...sandboxOf(config, settings),
    Labels: {
      ...podLabels(settings.cluster, pod),
      [LABEL.container]: SANDBOX,
      [LABEL.attempt]: String(attempt),
      [LABEL.grace]: String(config.graceSeconds),
    },
  };
}

/** All but whose it is. */
export function sandboxOf(
  config: Omit<SandboxConfig, "pod" | "attempt" | "graceSeconds">,
  { sandboxImage, sandboxCommand, mayLowerOomScore = false }: DockerSettings,
): Omit<Docker.ContainerCreateOptions, "name"> {
  return {
    Image: sandboxImage,
    ...(sandboxCommand === undefined ? {} : { Entrypoint: [...sandboxCommand] }),
    ...(config.isHostNetwork ? {} : { Hostname: config.hostname, NetworkDisabled: true }),
    HostConfig: {
      NetworkMode: config.isHostNetwork ? "host" : "none",
      IpcMode: config.isHostIpc ? "host" : "shareable",
      ...(config.isHostPid ? { PidMode: "host" } : {}),
      ...(config.runtimeHandler === undefined ? {} : { Runtime: config.runtimeHandler }),
      Sysctls: { ...config.sysctls },
      CpuShares: SANDBOX_CPU_SHARES,
      OomScoreAdj: mayLowerOomScore ? SANDBOX_OOM_SCORE_ADJ : 0,
      SecurityOpt: ["no-new-privileges", ...isSeen(config) ? [] : ["seccomp=unconfined"]],
      LogConfig: { Type: "none", Config: {} },
      ShmSize: SHARED_MEMORY_BYTES,
    },
  };
}

/**
 * Whether another process could make the sandbox's do something. Where none can, it needs no filter of system
 * calls, which takes a third of the time of its start: it makes four, and sleeps. Record 0068.
 */
function isSeen({ isHostPid, isPidShared }: Pick<SandboxConfig, "isHostPid" | "isPidShared">) {
  return isHostPid || isPidShared;
}

export function containerOptions(
  config: ContainerConfig,
  { cluster, mayLowerOomScore = false }: DockerSettings,
): Docker.ContainerCreateOptions {
  const { pod, name, attempt, security } = config;
  return {
    name: containerName(pod, name, attempt),
    Image: config.image,
    ...(config.entrypoint === undefined ? {} : { Entrypoint: [...config.entrypoint] }),
    ...(config.args === undefined ? {} : { Cmd: [...config.args] }),
    ...(config.workingDir === undefined ? {} : { WorkingDir: config.workingDir }),
    ...(security.user === undefined ? {} : { User: security.user }),
    Env: [...config.env],
    Tty: config.isTty,
    OpenStdin: config.hasStdin,
    StdinOnce: config.isStdinOnce,
    Labels: containerLabels(config, cluster),
    Healthcheck: { Test: ["NONE"] },
    HostConfig: {
      ...hostConfigOf(config, mayLowerOomScore ? OOM_SCORE_ADJ_MIN : 0),
      ...(mayLowerOomScore ? { Ulimits: [OPEN_FILES] } : {}),
    },
  };
}

function containerLabels(config: ContainerConfig, cluster: string): Record<string, string> {
  return {
    ...podLabels(cluster, config.pod),
    [LABEL.container]: config.name,
    [LABEL.attempt]: String(config.attempt),
    [LABEL.sandbox]: config.sandboxId,
    [LABEL.hash]: config.specHash,
    [LABEL.init]: String(config.isInit),
    [LABEL.backOff]: String(config.backOffSeconds),
    [LABEL.grace]: String(config.graceSeconds),
  };
}

function hostConfigOf(config: ContainerConfig, oomScoreMin: number): Docker.HostConfig {
  const { limits, security, sandboxId } = config;
  const joined = `container:${sandboxId}`;
  return {
    NetworkMode: joined,
    IpcMode: joined,
    ...pidModeOf(config, joined),
    Binds: config.mounts.filter((one) => !hasColon(one)).map(bindOf),
    Mounts: config.mounts.filter(hasColon).map(longBindOf),
    CpuShares: limits.cpuShares,
    ...(limits.cpuQuotaMicros === 0
      ? {}
      : { CpuQuota: limits.cpuQuotaMicros, CpuPeriod: CPU_PERIOD_MICROS }),
    // without swap beyond it, as the limit would be no limit
    ...(limits.memoryBytes === 0
      ? {}
      : { Memory: limits.memoryBytes, MemorySwap: limits.memoryBytes }),
    ...(limits.pidsMax === 0 ? {} : { PidsLimit: limits.pidsMax }),
    OomScoreAdj: Math.max(limits.oomScoreAdj, oomScoreMin),
    Privileged: security.isPrivileged,
    ReadonlyRootfs: security.isRootReadOnly,
    GroupAdd: [...security.groups],
    CapAdd: [...security.addCapabilities],
    CapDrop: [...security.dropCapabilities],
    SecurityOpt: [
      ...(security.mayGainPrivileges ? [] : ["no-new-privileges"]),
      ...(security.seccomp === undefined ? [] : [`seccomp=${security.seccomp}`]),
      ...(security.appArmor === undefined ? [] : [`apparmor=${security.appArmor}`]),
    ],
    // what the engine hides by default; with these lists empty it hides nothing
    ...(security.isProcUnmasked ? { MaskedPaths: [], ReadonlyPaths: [] } : {}),
    ...(config.runtimeHandler === undefined ? {} : { Runtime: config.runtimeHandler }),
    LogConfig: {
      Type: JSON_LOG,
      Config: { "max-size": LOG_FILE_BYTES_MAX, "max-file": LOG_FILES_MAX },
    },
  };
}

function pidModeOf(config: ContainerConfig, sandbox: string): { PidMode?: string } {
  if (config.isHostPid) return { PidMode: "host" };
  if (config.isPidShared) return { PidMode: sandbox };
  return config.processesOf === undefined ? {} : { PidMode: `container:${config.processesOf}` };
}

/** The engine takes its short form apart at colons. */
const hasColon = ({ hostPath, containerPath }: Mount) =>
  hostPath.includes(":") || containerPath.includes(":");

function longBindOf(mount: Mount): Docker.MountSettings {
  const { hostPath, containerPath, isReadOnly, propagation } = mount;
  return {
    Type: "bind",
    Source: hostPath,
    Target: containerPath,
    ReadOnly: isReadOnly,
    BindOptions: { Propagation: propagation === "private" ? "rprivate" : propagation },
  };
}

function bindOf({ hostPath, containerPath, isReadOnly, propagation }: Mount): string {
  const modes = [
    ...isReadOnly ? ["ro"] : [],
    ...propagation === "private" ? [] : [propagation],
  ];
  return [hostPath, containerPath, ...modes.length === 0 ? [] : [modes.join(",")]].join(":");
}

/** @returns undefined for a container that lacks our labels */
export function fromInspection(found: Docker.ContainerInspectInfo): RuntimeContainer | undefined {
  const labels = found.Config.Labels ?? {};
  const standIn = labels[LABEL.standIn];
  const claimed = standIn === undefined ? undefined : ownerIn(found.Name);
  const uid = claimed?.pod.uid ?? labels[LABEL.uid];
  const name = labels[LABEL.container];
  if (uid === undefined || name === undefined) return undefined;
  const { State: state } = found;
  const finishedAt = state.Running ? 0 : timeIn(state.FinishedAt);
  const startedAt = timeIn(state.StartedAt);
  return {
    id: found.Id,
    pod: claimed?.pod ??
      { uid, name: labels[LABEL.pod] ?? "", namespace: labels[LABEL.namespace] ?? "" },
    name,
    attempt: claimed?.attempt ?? numberIn(labels[LABEL.attempt]),
    isInit: labels[LABEL.init] === "true",
    sandboxId: labels[LABEL.sandbox] ?? "",
    ...(standIn === undefined ? {} : { standIn }),
    specHash: labels[LABEL.hash] ?? "",
    backOffSeconds: numberIn(labels[LABEL.backOff]),
    graceSeconds: numberIn(labels[LABEL.grace]),
    state: state.Running ? "running" : state.Status === "created" ? "created" : "exited",
    pid: state.Pid,
    exitCode: state.ExitCode,
    isOomKilled: state.OOMKilled,
    // the engine keeps its own troubles, too: then nothing has been started
    error: isOfTheEngine(state.Error) ? "" : state.Error,
    createdAt: timeIn(found.Created),
    // of a process that ends at once the engine may note the end before the start
    startedAt: finishedAt > 0 ? Math.min(startedAt, finishedAt) : startedAt,
    finishedAt,
    image: found.Config.Image,
    imageId: found.Image,
    isTty: found.Config.Tty,
  };
}

const numberIn = (text: string | undefined) => Number(text ?? 0) || 0;

/** Docker says year 1 for what has not happened. */
function timeIn(text: string): number {
  return Math.max(0, Date.parse(text) || 0);
}
