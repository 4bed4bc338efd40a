import type { Clock } from "../api/types/ambient.ts";
import {
  type ContainerConfig,
  type ExecChunk,
  type ExecOptions,
  type ExecSession,
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

/** What a command does in the fake; a command that is not known runs until it is stopped. */
export interface FakeProgram {
  readonly prints?: string;
  /** Ends at once with this code. */
  readonly exits?: number;
  readonly ignoresTerm?: boolean;
  /** The engine can't start it. */
  readonly fails?: string;
  /** Prints what it reads, when its input ends. */
  readonly echoes?: boolean;
}

/** What a sandbox is that is made ahead. */
const IDLE: Omit<SandboxConfig, "pod" | "hostname"> = {
  attempt: 0,
  isHostNetwork: false,
  isHostPid: false,
  isHostIpc: false,
  isPidShared: false,
  sysctls: {},
  graceSeconds: 0,
};

const SIGKILLED = 137;
const SIGTERMED = 143;

interface Entry {
  container: RuntimeContainer;
  program: FakeProgram;
  name: string;
}

/** An engine in memory: containers run in no time and do what `programs` says. For tests and the simulation. */
export class FakeRuntime implements Runtime {
  readonly images = new Set<string>();
  /** Users that images run as; root for the others. */
  readonly imageUsers = new Map<string, string>();
  /** Images that a pull would find. */
  readonly registry = new Set<string>();
  /** By command line. */
  readonly programs = new Map<string, FakeProgram>();
  /** Every call that changed something, in order: `start a`, `stop a`. */
  readonly calls: string[] = [];
  /** Whether `calls` grows: not where nobody reads it for days. */
  remembersCalls = true;
  /** May throw in place of any answer. */
  intercept: (call: string) => void = () => {};
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<(event: RuntimeEvent) => void>();
  #streams = new AbortController();
  #ids = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  // deno-lint-ignore require-await -- it throws as the real one does
  async version(): Promise<string> {
    this.intercept("version");
    return "fake://1";
  }

  // deno-lint-ignore require-await -- it throws as the real one does
  async listContainers(): Promise<RuntimeContainer[]> {
    this.intercept("list");
    return this.containers();
  }

  /** Everything of pods that there is, whether it answers or not. */
  containers(): RuntimeContainer[] {
    return this.#all().filter(({ pod }) => pod.uid !== "");
  }

  #all(): RuntimeContainer[] {
    return [...this.#entries.values()].map(({ container }) => container);
  }

  async *events(signal: AbortSignal, onReady: () => void): AsyncGenerator<RuntimeEvent> {
    this.intercept("events");
    const ended = AbortSignal.any([signal, this.#streams.signal]);
    const line: RuntimeEvent[] = [];
    let wake = () => {};
    const listener = (event: RuntimeEvent) => {
      line.push(event);
      wake();
    };
    this.#listeners.add(listener);
    const stop = () => wake();
    ended.addEventListener("abort", stop);
    onReady();
    try {
      while (!ended.aborted) {
        for (let event = line.shift(); event !== undefined; event = line.shift()) yield event;
        if (ended.aborted) return;
        await new Promise<void>((resolve) => wake = resolve);
      }
    } finally {
      this.#listeners.delete(listener);
      ended.removeEventListener("abort", stop);
    }
  }

  /** Everybody's events end, as they do when an engine ends. */
  hangUp(): void {
    this.#streams.abort();
    this.#streams = new AbortController();
  }

  // deno-lint-ignore require-await -- it throws as the real one does
  async createSandbox(config: SandboxConfig): Promise<string> {
    return this.#create(config, {
      name: SANDBOX,
      isInit: false,
      sandboxId: "",
      specHash: "",
      backOffSeconds: 0,
      image: "pause",
      isTty: false,
      program: {},
    });
  }

  async startIdle(standIn: string): Promise<IdleSandbox> {
    const pod = { uid: "", namespace: "", name: standIn };
    const id = await this.createSandbox({ ...IDLE, pod, hostname: standIn });
    const entry = this.#entry(id);
    entry.container = { ...entry.container, standIn };
    entry.name = standIn;
    await this.start(id);
    return { id, standIn };
  }

  // deno-lint-ignore require-await -- it throws as the real one does
  async listIdle(): Promise<(IdleSandbox & { readonly isRunning: boolean })[]> {
    this.intercept("list idle");
    return this.#all().flatMap(({ id, pod, standIn, state }) =>
      standIn === undefined || pod.uid !== "" ? [] : { id, standIn, isRunning: state === "running" }
    );
  }

  // deno-lint-ignore require-await -- it throws as the real one does
  async claim(id: string, pod: PodIdentity, attempt: number): Promise<RuntimeContainer> {
    const entry = this.#entry(id);
    this.#call(`claim ${SANDBOX}`);
    entry.container = { ...entry.container, pod, attempt };
    entry.name = [SANDBOX, pod.uid, attempt].join("_");
    return entry.container;
  }

  // deno-lint-ignore require-await -- it throws as the real one does
  async createContainer(config: ContainerConfig): Promise<string> {
    if (!this.images.has(config.image)) {
      throw new RuntimeError("NoSuchImage", `No such image: ${config.image}`);
    }
    const command = [...config.entrypoint ?? [], ...config.args ?? []].join(" ");
    return this.#create(config, { ...config, program: this.programs.get(command) ?? {} });
  }

  #create(
    { pod, attempt, graceSeconds }: Pick<SandboxConfig, "pod" | "attempt" | "graceSeconds">,
    of:
      & Pick<
        RuntimeContainer,
        "name" | "isInit" | "sandboxId" | "specHash" | "backOffSeconds" | "image" | "isTty"
      >
      & { program: FakeProgram },
  ): string {
    const { program, name, isInit, sandboxId, specHash, backOffSeconds, image, isTty } = of;
    this.#call(`create ${name}`);
    const full = [name, pod.uid, attempt].join("_");
    if ([...this.#entries.values()].some((one) => one.name === full)) {
      throw new RuntimeError("NameTaken", `The name ${full} is in use`);
    }
    const id = `fake-${++this.#ids}`;
    const described = { name, isInit, sandboxId, specHash, backOffSeconds, image, isTty };
    const container: RuntimeContainer = {
      id,
      pod,
      attempt,
      graceSeconds,
      ...described,
      state: "created",
      pid: 0,
      exitCode: 0,
      isOomKilled: false,
      error: "",
      createdAt: this.#clock.now(),
      startedAt: 0,
      finishedAt: 0,
      imageId: `sha256:${image}`,
    };
    this.#entries.set(id, { container, program, name: full });
    return id;
  }

  #call(call: string): void {
    this.intercept(call);
    if (this.remembersCalls) this.calls.push(call);
  }

  // deno-lint-ignore require-await -- it throws as the real one does
  async start(id: string): Promise<RuntimeContainer> {
    const entry = this.#entry(id);
    const { program, container } = entry;
    this.#call(`start ${container.name}`);
    if (program.fails !== undefined) {
      entry.container = { ...container, error: program.fails, exitCode: 127 };
      return entry.container;
    }
    const sandbox = this.#entries.get(container.sandboxId)?.container;
    if (container.name !== SANDBOX && sandbox?.state !== "running") {
      throw new RuntimeError("Failed", "cannot join network of a non running container");
    }
    const pid = 1000 + this.#ids;
    this.#become(entry, { state: "running", pid, startedAt: this.#clock.now() });
    if (program.exits !== undefined) this.die(id, program.exits);
    return entry.container;
  }

  // deno-lint-ignore require-await -- it throws as the real one does
  async stop(id: string, graceSeconds: number): Promise<RuntimeContainer | undefined> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    const { program, container } = entry;
    this.#call(`stop ${container.name} ${graceSeconds}`);
    if (container.state === "running") this.die(id, program.ignoresTerm ? SIGKILLED : SIGTERMED);
    return entry.container;
  }

  /** The container's process ends. */
  die(id: string, exitCode: number, isOomKilled = false): void {
    const entry = this.#entry(id);
    const finishedAt = this.#clock.now();
    this.#become(entry, { state: "exited", pid: 0, exitCode, isOomKilled, finishedAt });
  }

  /** As with the host's power: of sandboxes that are nobody's too. */
  dieAll(exitCode: number): void {
    for (const { id, state } of this.#all()) if (state === "running") this.die(id, exitCode);
  }

  #become(entry: Entry, change: Partial<RuntimeContainer>): void {
    entry.container = { ...entry.container, ...change };
    this.#tell(entry.container, entry.container);
  }

  #tell({ id, pod, state }: RuntimeContainer, container: RuntimeContainer | undefined): void {
    const isIdle = pod.uid === "";
    if (isIdle && container !== undefined && state === "running") return;
    for (const listener of this.#listeners) {
      listener({ podUid: pod.uid, containerId: id, container: isIdle ? undefined : container });
    }
  }

  // deno-lint-ignore require-await -- it throws as the real one does
  async remove(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#call(`remove ${entry.container.name}`);
    if (entry.container.state === "running") this.die(id, SIGKILLED);
    this.#entries.delete(id);
    this.#tell(entry.container, undefined);
  }

  // deno-lint-ignore require-await -- it throws as the real one does
  async pullImage(image: string, login?: RegistryLogin): Promise<void> {
    this.#call(login === undefined ? `pull ${image}` : `pull ${image} as ${login.username}`);
    if (!this.registry.has(image)) throw new RuntimeError("Failed", `no registry has ${image}`);
    this.images.add(image);
  }

  // deno-lint-ignore require-await -- it throws as the real one does
  async imageUser(image: string): Promise<string> {
    this.intercept(`image user ${image}`);
    if (!this.images.has(image)) throw new RuntimeError("NoSuchImage", `No such image: ${image}`);
    return this.imageUsers.get(image) ?? "";
  }

  async *logs(id: string, options: LogOptions, signal: AbortSignal): AsyncGenerator<ExecChunk> {
    const { prints = "" } = this.#entry(id).program;
    const lines = prints.split(/(?<=\n)/).filter((line) => line !== "");
    for (const line of lines.slice(-(options.tailLines ?? lines.length) || lines.length)) {
      yield { stream: "stdout", bytes: new TextEncoder().encode(line) };
    }
    if (options.follow) await this.#end(id, signal);
  }

  /** Resolves when the container runs no more, or the signal aborts. */
  #end(id: string, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!signal.aborted && this.#entries.get(id)?.container.state === "running") return;
        this.#listeners.delete(look);
        signal.removeEventListener("abort", look);
        resolve();
      };
      this.#listeners.add(look);
      signal.addEventListener("abort", look);
      look();
    });
  }

  // deno-lint-ignore require-await -- it throws as the real one does
  async exec(id: string, { command }: ExecOptions): Promise<ExecSession> {
    const { container } = this.#entry(id);
    this.#call(`exec ${container.name}`);
    assertRuns(container);
    return new FakeSession(this.programs.get(command.join(" ")) ?? {});
  }

  // deno-lint-ignore require-await -- it throws as the real one does
  async attach(id: string): Promise<ExecSession> {
    const { container, program } = this.#entry(id);
    assertRuns(container);
    return new FakeSession(program);
  }

  #entry(id: string): Entry {
    const entry = this.#entries.get(id);
    if (entry === undefined) throw new RuntimeError("NoSuchContainer", `No such container: ${id}`);
    return entry;
  }
}

function assertRuns({ id, state }: RuntimeContainer): void {
  if (state !== "running") throw new RuntimeError("NotRunning", `Container ${id} is not running`);
}

/** A process that prints, or echoes its input, and ends. */
class FakeSession implements ExecSession {
  readonly output: AsyncIterable<ExecChunk>;
  readonly #input: Uint8Array[] = [];
  readonly #inputEnd = Promise.withResolvers<void>();
  readonly #program: FakeProgram;

  constructor(program: FakeProgram) {
    this.#program = program;
    this.output = this.#run();
  }

  async *#run(): AsyncGenerator<ExecChunk> {
    const { prints, echoes } = this.#program;
    if (prints !== undefined) yield { stream: "stdout", bytes: new TextEncoder().encode(prints) };
    if (!echoes) return;
    await this.#inputEnd.promise;
    for (const bytes of this.#input) yield { stream: "stdout", bytes };
  }

  write(bytes: Uint8Array): Promise<void> {
    this.#input.push(bytes);
    return Promise.resolve();
  }

  closeInput(): void {
    this.#inputEnd.resolve();
  }

  resize(): Promise<void> {
    return Promise.resolve();
  }

  exitCode(): Promise<number> {
    return Promise.resolve(this.#program.exits ?? 0);
  }

  kill(): Promise<boolean> {
    return Promise.resolve(true);
  }

  close(): void {
    this.#inputEnd.resolve();
  }
}
