// @ts-types="@types/dockerode"
import type Docker from "dockerode";
import process from "node:process";
import { beginner, clientOf } from "./docker_client.ts";
import {
  CLUSTER_LABEL,
  containerName,
  containerOptions,
  type DockerSettings,
  fromInspection,
  JSON_LOG,
  sandboxOptions,
  STAND_IN_LABEL,
} from "./docker_containers.ts";
import { asked, runtimeError } from "./docker_errors.ts";
import { idleFromList, idleOptions, podUidIn } from "./docker_idle.ts";
import type { LogFiles } from "./host_log_files.ts";
import { JsonLogReader } from "./json_log.ts";
import { asStdout, cutOff, demultiplexed, endWhenIdle, sessionOver } from "./docker_streams.ts";
import {
  type ContainerConfig,
  type ExecChunk,
  type ExecOptions,
  type ExecSession,
  failedFor,
  type IdleSandbox,
  type LogOptions,
  type PodIdentity,
  type RegistryLogin,
  type Runtime,
  type RuntimeContainer,
  RuntimeError,
  type RuntimeEvent,
  SANDBOX,
  type SandboxConfig,
} from "./runtime.ts";

/** Inspections that are under way at once while a list is made. */
const INSPECTIONS_MAX = 8;

export interface DockerRuntimeOptions extends DockerSettings {
  readonly socketPath?: string;
  /** Absent, or without the container's log: the engine reads logs, and loses lines of those that it rotates. */
  readonly logFiles?: LogFiles;
}

/** The only user of the Docker Engine API. */
export class DockerRuntime implements Runtime {
  readonly #docker: Docker;
  /** Makes, starts and pulls; an engine that is ending refuses it. */
  readonly #beginner: Docker;
  readonly #options: DockerRuntimeOptions;
  /** What an inspection said last, kept while a list says that the state is the same. */
  readonly #known = new Map<string, RuntimeContainer>();
  /** Sandboxes that belong to nobody, as they were when they had started: who claims one does not wait. */
  readonly #idle = new Map<string, Docker.ContainerInspectInfo>();

  constructor(options: DockerRuntimeOptions) {
    this.#options = options;
    const { socketPath = "/var/run/docker.sock" } = options;
    this.#docker = clientOf(socketPath);
    this.#beginner = beginner(socketPath);
  }

  async version(): Promise<string> {
    const { Version } = await asked(this.#docker.version());
    return `docker://${Version}`;
  }

  async listContainers(): Promise<RuntimeContainer[]> {
    const filters = { label: [this.#clusterLabel()] };
    const listed = await asked(this.#docker.listContainers({ all: true, filters }));
    const ids = new Set(listed.map(({ Id }) => Id));
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#known.delete(id);
    const left = listed.values();
    const found: RuntimeContainer[] = [];
    const inspectSome = async () => {
      for (const { Id, State } of left) {
        const known = this.#known.get(Id);
        const container = known?.state === State ? known : await this.#inspect(Id);
        if (container !== undefined) found.push(container);
      }
    };
    await Promise.all(Array.from({ length: INSPECTIONS_MAX }, inspectSome));
    return found;
  }

  async *events(signal: AbortSignal, onReady: () => void): AsyncGenerator<RuntimeEvent> {
    const filters = JSON.stringify({
      type: ["container"],
      event: ["start", "die", "destroy"],
      label: [this.#clusterLabel()],
    });
    const stream = cutOff(await asked(this.#docker.getEvents({ filters })) as never, signal);
    this.#known.clear();
    onReady();
    try {
      for await (const { Action, Actor } of jsonLines(stream)) {
        const podUid = podUidIn(Actor.Attributes);
        if (podUid === "" && Action === "start") continue; // of one that is made ahead
        if (podUid === "") this.#idle.delete(Actor.ID);
        const container = Action === "destroy"
          ? this.#forget(Actor.ID)
          : await this.#inspect(Actor.ID);
        yield { podUid, containerId: Actor.ID, container };
      }
    } catch (error) {
      if (!signal.aborted) throw runtimeError(error);
    }
  }

  createSandbox(config: SandboxConfig): Promise<string> {
    return this.#create(sandboxOptions(config, this.#options));
  }

  async startIdle(standIn: string): Promise<IdleSandbox> {
    const id = await this.#create(idleOptions(standIn, this.#options));
    try {
      const container = this.#beginner.getContainer(id);
      await asked(container.start());
      this.#idle.set(id, await asked(container.inspect()));
      return { id, standIn };
    } catch (error) {
      if (!failedFor(error, "Unavailable")) await this.remove(id);
      throw error;
    }
  }

  async listIdle(): Promise<(IdleSandbox & { readonly isRunning: boolean })[]> {
    const filters = { label: [this.#clusterLabel(), STAND_IN_LABEL] };
    const listed = await asked(this.#docker.listContainers({ all: true, filters }));
    const found = listed.flatMap((one) => idleFromList(one) ?? []);
    for (const { id } of found) {
      const seen = await this.#docker.getContainer(id).inspect().catch(() => undefined);
      if (seen !== undefined) this.#idle.set(id, seen); // else who claims it asks again
    }
    return found;
  }

  async claim(id: string, pod: PodIdentity, attempt: number): Promise<RuntimeContainer> {
    const name = containerName(pod, SANDBOX, attempt);
    await asked(this.#beginner.getContainer(id).rename({ name }));
    const idle = this.#idle.get(id);
    const container = idle === undefined
      ? await this.#inspect(id)
      : fromInspection({ ...idle, Name: `/${name}` });
    if (container === undefined) throw new RuntimeError("NoSuchContainer", `${id} is gone`);
    this.#idle.delete(id);
    this.#known.set(id, container);
    return container;
  }

  createContainer(config: ContainerConfig): Promise<string> {
    return this.#create(containerOptions(config, this.#options));
  }

  async #create(options: Docker.ContainerCreateOptions): Promise<string> {
    const { id } = await asked(this.#beginner.createContainer(options), "NoSuchImage");
    return id;
  }

  async start(id: string): Promise<RuntimeContainer> {
    const refusal = await asked(this.#beginner.getContainer(id).start())
      .then(() => undefined, same);
    if (failedFor(refusal, "Unavailable")) throw refusal;
    const container = await this.#inspect(id);
    // the engine keeps the error of a start that its container can't do
    if (container !== undefined && (refusal === undefined || container.error !== "")) {
      return container;
    }
    throw refusal ?? new RuntimeError("NoSuchContainer", `${id} is gone`);
  }

  async stop(id: string, graceSeconds: number): Promise<RuntimeContainer | undefined> {
    const container = this.#docker.getContainer(id);
    const isSandbox = this.#known.get(id)?.name === SANDBOX;
    try {
      await asked(isSandbox ? container.kill() : container.stop({ t: graceSeconds }));
    } catch (error) {
      if (!failedFor(error, "NoSuchContainer", "NotRunning")) throw error;
    }
    return this.#inspect(id);
  }

  async remove(id: string): Promise<void> {
    try {
      await asked(this.#docker.getContainer(id).remove({ force: true, v: true }));
    } catch (error) {
      // "removal already in progress" is a conflict
      if (!failedFor(error, "NoSuchContainer", "NameTaken")) throw error;
    }
    this.#forget(id);
  }

  async pullImage(image: string, login?: RegistryLogin): Promise<void> {
    const stream = await asked(
      this.#beginner.pull(withTag(image), pullOptions(login)),
      "NoSuchImage",
    );
    await new Promise<void>((resolve, reject) => {
      const done = (error: Error | null) => error ? reject(runtimeError(error)) : resolve();
      this.#docker.modem.followProgress(stream, done);
    });
  }

  async imageUser(image: string): Promise<string> {
    const { Config } = await asked(this.#docker.getImage(image).inspect(), "NoSuchImage");
    return Config.User ?? "";
  }

  async *logs(id: string, options: LogOptions, signal: AbortSignal): AsyncGenerator<ExecChunk> {
    const { logFiles } = this.#options;
    const { Config, HostConfig, LogPath } = await asked(this.#docker.getContainer(id).inspect());
    const isOnDisk = HostConfig.LogConfig?.Type === JSON_LOG && await logFiles?.has(LogPath);
    if (logFiles === undefined || !isOnDisk) {
      return yield* this.#engineLogs(id, { ...options, isTty: Config.Tty }, signal);
    }
    const reader = new JsonLogReader(options);
    const ended = options.follow ? this.#end(id, signal) : Promise.resolve();
    for await (const block of logFiles.read(LogPath, { ...options, ended, signal })) {
      yield* reader.take(block);
    }
  }

  /** Resolves when the container has ended, the engine is gone, or nobody wants to know. */
  async #end(id: string, signal: AbortSignal): Promise<void> {
    const asks = { condition: "not-running", abortSignal: signal } as const;
    await this.#docker.getContainer(id).wait(asks).catch(() => {});
  }

  async *#engineLogs(
    id: string,
    options: LogOptions & { readonly isTty: boolean },
    signal: AbortSignal,
  ): AsyncGenerator<ExecChunk> {
    const { follow, tailLines, since, timestamps, isTty } = options;
    const asks = {
      stdout: true,
      stderr: true,
      timestamps,
      ...(tailLines === undefined ? {} : { tail: tailLines }),
      ...(since === undefined ? {} : { since: since / 1000 }),
    };
    const container = this.#docker.getContainer(id);
    const source = follow
      ? cutOff(await asked(container.logs({ ...asks, follow: true })) as never, signal)
      : [await asked(container.logs({ ...asks, follow: false }))];
    try {
      yield* isTty ? asStdout(chunksOf(source)) : demultiplexed(chunksOf(source));
    } catch (error) {
      if (!signal.aborted) throw runtimeError(error);
    }
  }

  async exec(id: string, { command, hasStdin, isTty }: ExecOptions): Promise<ExecSession> {
    const exec = await asked(
      this.#docker.getContainer(id).exec({
        Cmd: [...command],
        AttachStdin: hasStdin,
        AttachStdout: true,
        AttachStderr: true,
        Tty: isTty,
      }),
    );
    const connection = await asked(exec.start({ hijack: true, stdin: hasStdin, Tty: isTty }));
    return sessionOver(connection, isTty, {
      resize: (w, h) => asked(exec.resize({ w, h })),
      exitCode: async () => (await asked(exec.inspect())).ExitCode ?? 0,
      kill: () => this.#killExec(exec),
    });
  }

  /** The engine can't: its pid on this host can. */
  async #killExec(exec: Docker.Exec): Promise<boolean> {
    const { Running, Pid } = await asked(exec.inspect());
    if (!Running) return true;
    if (Pid === 0) return false;
    try {
      process.kill(Pid, "SIGKILL");
    } catch (error) {
      if ((error as { code?: string }).code !== "ESRCH") throw error;
    }
    return true;
  }

  async attach(
    id: string,
    { hasStdin, isTty }: Omit<ExecOptions, "command">,
  ): Promise<ExecSession> {
    const container = this.#docker.getContainer(id);
    const connection = await asked(
      container.attach({ stream: true, hijack: true, stdin: hasStdin, stdout: true, stderr: true }),
    );
    // one that ended before would leave the client waiting for its next start
    const { State, Config } = await asked(container.inspect(), "NoSuchContainer");
    if (!State.Running) {
      connection.end();
      throw new RuntimeError("NotRunning", `Container ${id} is not running`);
    }
    const gone = new AbortController();
    connection.once("close", () => gone.abort());
    void this.#end(id, gone.signal).then(() => endWhenIdle(connection as never));
    const session = sessionOver(connection as never, isTty, {
      resize: (w, h) => asked(container.resize({ w, h })),
      exitCode: async () => (await asked(container.inspect())).State.ExitCode,
      // the container's own process is ended with the container
      kill: () => Promise.resolve(true),
    });
    // of one whose input stays open for others the engine would end the output, too
    return Config.StdinOnce && !isTty ? session : { ...session, closeInput: () => {} };
  }

  async #inspect(id: string): Promise<RuntimeContainer | undefined> {
    try {
      const container = fromInspection(await asked(this.#docker.getContainer(id).inspect()));
      if (container !== undefined) this.#known.set(id, container);
      return container;
    } catch (error) {
      if (failedFor(error, "NoSuchContainer")) return this.#forget(id);
      throw error;
    }
  }

  #forget(id: string): undefined {
    this.#known.delete(id);
    this.#idle.delete(id);
  }

  #clusterLabel(): string {
    return `${CLUSTER_LABEL}=${this.#options.cluster}`;
  }
}

const same = (error: unknown) => error;

interface DockerEvent {
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
}

async function* jsonLines(stream: AsyncIterable<Uint8Array>): AsyncGenerator<DockerEvent> {
  const decoder = new TextDecoder();
  let held = "";
  for await (const chunk of stream) {
    const lines = (held + decoder.decode(chunk, { stream: true })).split("\n");
    held = lines.pop() ?? "";
    for (const line of lines) if (line !== "") yield JSON.parse(line);
  }
}

async function* chunksOf(source: Iterable<Uint8Array> | AsyncIterable<Uint8Array>) {
  yield* source;
}

function pullOptions(login: RegistryLogin | undefined): Record<string, unknown> {
  if (login === undefined) return {};
  const { username, password, server } = login;
  return { authconfig: { username, password, serveraddress: server } };
}

/** Without a tag the engine would pull every tag there is. */
function withTag(image: string): string {
  const last = image.slice(image.lastIndexOf("/") + 1);
  return /[:@]/.test(last) ? image : `${image}:latest`;
}
