/** Whose pod it is, as far as a container engine must know. */
export interface PodIdentity {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
}

/** Name of the infra container that holds a pod's network namespace, among the names of its containers. */
export const SANDBOX = "POD";

/** One bind mount of a container. */
export interface Mount {
  readonly hostPath: string;
  readonly containerPath: string;
  readonly isReadOnly: boolean;
  /** Whether mounts that are made later are seen: by nobody, from the node, or both ways. */
  readonly propagation: "private" | "rslave" | "rshared";
}

/** What the pod's infra container is made of. */
export interface SandboxConfig {
  readonly pod: PodIdentity;
  /** 0 for the pod's first sandbox. */
  readonly attempt: number;
  readonly hostname: string;
  /** Shares the node's network instead of having its own. */
  readonly isHostNetwork: boolean;
  readonly isHostPid: boolean;
  readonly isHostIpc: boolean;
  /** The pod's containers see the processes of the sandbox and of each other. */
  readonly isPidShared: boolean;
  readonly sysctls: Readonly<Record<string, string>>;
  readonly graceSeconds: number;
  /** Name of the engine's low-level runtime; absent: the engine's own choice. */
  readonly runtimeHandler?: string;
}

export interface ContainerConfig {
  readonly pod: PodIdentity;
  readonly name: string;
  /** Times that it was restarted before; the `restartCount` of its status. */
  readonly attempt: number;
  readonly isInit: boolean;
  readonly sandboxId: string;
  readonly image: string;
  readonly specHash: string;
  /** Seconds to wait after this attempt's end before the next one. */
  readonly backOffSeconds: number;
  readonly graceSeconds: number;
  /** Absent: the image's own. */
  readonly entrypoint?: readonly string[];
  readonly args?: readonly string[];
  readonly workingDir?: string;
  /** `NAME=value`. */
  readonly env: readonly string[];
  readonly mounts: readonly Mount[];
  readonly isTty: boolean;
  readonly hasStdin: boolean;
  readonly isStdinOnce: boolean;
  readonly limits: ContainerLimits;
  readonly security: ContainerSecurity;
  readonly isHostPid: boolean;
  /** Id of a container of the pod whose processes it sees. */
  readonly processesOf?: string;
  readonly isPidShared: boolean;
  /** The sandbox's. */
  readonly runtimeHandler?: string;
}

export interface ContainerLimits {
  /** Weight against other containers; 1024 for a whole CPU. */
  readonly cpuShares: number;
  /** CPU time per `CPU_PERIOD_MICROS`; 0 for no limit. */
  readonly cpuQuotaMicros: number;
  /** 0 for no limit. */
  readonly memoryBytes: number;
  readonly oomScoreAdj: number;
  /** Processes and threads at once; 0 for no limit. */
  readonly pidsMax: number;
}

/** Length of the accounting period of `cpuQuotaMicros`. Source: the Linux default. */
export const CPU_PERIOD_MICROS = 100_000;

export interface ContainerSecurity {
  readonly isPrivileged: boolean;
  readonly isRootReadOnly: boolean;
  /** `uid` or `uid:gid`; absent: the image's own. */
  readonly user?: string;
  readonly groups: readonly string[];
  readonly addCapabilities: readonly string[];
  readonly dropCapabilities: readonly string[];
  readonly mayGainPrivileges: boolean;
  /** `unconfined`, or a profile as JSON; absent: the engine's own. */
  readonly seccomp?: string;
  /** `unconfined`, or the name of a profile that the kernel has; absent: the engine's own. */
  readonly appArmor?: string;
  /** All of /proc is shown and may be written to. */
  readonly isProcUnmasked: boolean;
}

/** A container on this node, sandboxes included, as the runtime reports it. */
export interface RuntimeContainer {
  readonly id: string;
  readonly pod: PodIdentity;
  /** `SANDBOX`, or the name in the pod's spec. */
  readonly name: string;
  readonly attempt: number;
  readonly isInit: boolean;
  /** The sandbox that it joined; empty for a sandbox. */
  readonly sandboxId: string;
  /** Of a sandbox that was made ahead: the host name that what joins it begins under. */
  readonly standIn?: string;
  readonly specHash: string;
  readonly backOffSeconds: number;
  readonly graceSeconds: number;
  readonly state: "created" | "running" | "exited";
  /** 0 unless it runs. */
  readonly pid: number;
  readonly exitCode: number;
  readonly isOomKilled: boolean;
  /** Why it could not be started; empty when it could. */
  readonly error: string;
  /** Milliseconds since 1970; 0 for what has not happened. */
  readonly createdAt: number;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly image: string;
  readonly imageId: string;
  readonly isTty: boolean;
}

/** A sandbox that was made ahead, runs, and belongs to no pod yet. */
export interface IdleSandbox {
  readonly id: string;
  /** The host name that what joins it begins under: it stands in for the pod's. */
  readonly standIn: string;
}

/** Something happened to a container: it started, died or is gone. */
export interface RuntimeEvent {
  /** Empty for a sandbox that belongs to no pod: it is gone, or of no use any more. */
  readonly podUid: string;
  readonly containerId: string;
  /** What it is now; undefined when it is gone. */
  readonly container: RuntimeContainer | undefined;
}

export interface LogOptions {
  readonly follow: boolean;
  /** Absent: all lines. */
  readonly tailLines?: number;
  /** Milliseconds since 1970. */
  readonly since?: number;
  readonly timestamps: boolean;
}

export interface ExecOptions {
  readonly command: readonly string[];
  readonly hasStdin: boolean;
  readonly isTty: boolean;
}

/** A process that was started in a container, or the container's own when attached. */
export interface ExecSession {
  /** What it prints, in order, until it ends. On a TTY everything is `stdout`. */
  readonly output: AsyncIterable<ExecChunk>;
  /** Resolves when more may be written. */
  write(bytes: Uint8Array): Promise<void>;
  /** Tells the process that no more input comes. */
  closeInput(): void;
  resize(columns: number, rows: number): Promise<void>;
  /** Resolves after `output` has ended. */
  exitCode(): Promise<number>;
  /** Ends the process at once. @returns false while it is still being started: try again */
  kill(): Promise<boolean>;
  /** Lets go of the connection; a process that still runs goes on. */
  close(): void;
}

/** Who the registry is told that it is who pulls. */
export interface RegistryLogin {
  readonly username: string;
  readonly password: string;
  /** Host of the registry, or its address. */
  readonly server: string;
}

export interface ExecChunk {
  readonly stream: "stdout" | "stderr";
  readonly bytes: Uint8Array;
}

export type RuntimeFailure =
  | "NoSuchImage"
  | "NoSuchContainer"
  | "NameTaken"
  | "NotRunning"
  | "Unavailable"
  | "Failed";

/** What a runtime throws; `reason` is the contract, `message` is the engine's own. */
export class RuntimeError extends Error {
  override readonly name = "RuntimeError";
  constructor(readonly reason: RuntimeFailure, message: string) {
    super(message);
  }
}

/** True when `error` is a RuntimeError for this reason. */
export function failedFor(error: unknown, ...reasons: RuntimeFailure[]): boolean {
  return error instanceof RuntimeError && reasons.includes(error.reason);
}

/**
 * What the agent needs from a container engine. It sees the containers of its own cluster only.
 * Implementations: DockerRuntime, FakeRuntime. Every method throws RuntimeError.
 */
export interface Runtime {
  /** @returns name and version, such as `docker://20.10.24`; it fails when the engine does not answer */
  version(): Promise<string>;
  listContainers(): Promise<RuntimeContainer[]>;
  /** Events from now on, until `signal` aborts or the engine goes away. `onReady` runs once none can be missed. */
  events(signal: AbortSignal, onReady: () => void): AsyncIterable<RuntimeEvent>;
  /** @returns the runtime's id */
  createSandbox(config: SandboxConfig): Promise<string>;
  /** Makes and starts a sandbox for a pod that is not there yet. `listContainers` does not know it. */
  startIdle(standIn: string): Promise<IdleSandbox>;
  /** What `startIdle` has made, by whatever process, and nobody has claimed. */
  listIdle(): Promise<(IdleSandbox & { readonly isRunning: boolean })[]>;
  /**
   * From here on it is the sandbox of this pod, for every process that asks. @returns it as it was last seen
   * @throws {RuntimeError} NoSuchContainer
   */
  claim(id: string, pod: PodIdentity, attempt: number): Promise<RuntimeContainer>;
  /** The sandbox need not run yet. @throws {RuntimeError} NoSuchImage: pull it first */
  createContainer(config: ContainerConfig): Promise<string>;
  /** @returns the container as it is after the start: `created` with an `error` when it can't be started */
  start(id: string): Promise<RuntimeContainer>;
  /**
   * SIGTERM, then SIGKILL after `graceSeconds`; resolves once it is dead, with what it is then, or with
   * undefined when there is no such container.
   */
  stop(id: string, graceSeconds: number): Promise<RuntimeContainer | undefined>;
  /** Kills it if it runs, and forgets it with its logs. A missing container is no error. */
  remove(id: string): Promise<void>;
  pullImage(image: string, login?: RegistryLogin): Promise<void>;
  /** @returns the user that the image runs as, or "" where it names none. @throws {RuntimeError} NoSuchImage */
  imageUser(image: string): Promise<string>;
  /** Standard output and error, demultiplexed, in the order of the log; ends when `signal` aborts. */
  logs(id: string, options: LogOptions, signal: AbortSignal): AsyncIterable<ExecChunk>;
  exec(id: string, options: ExecOptions): Promise<ExecSession>;
  attach(id: string, options: Omit<ExecOptions, "command">): Promise<ExecSession>;
}
