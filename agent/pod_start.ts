import type { Container, Pod } from "../api/types/core_v1.ts";
import { startContainer } from "./container_start.ts";
import { ConfigurationError } from "./environment.ts";
import type { ImageWait } from "./images.ts";
import { VolumeError } from "./volumes/pod_volumes.ts";
import { failedFor } from "./runtime.ts";
import { SandboxError, SandboxStart } from "./sandbox_start.ts";
import type { EndTurn } from "./start_turns.ts";
import type { Start, SyncPlan, Waiting } from "./sync.ts";
import { type Applied, type Failures, type Pass, type SyncTools } from "./sync_tools.ts";

/** A start that failed for its configuration is tried again after this. Source: kubelet, its sync period. */
const CONFIGURATION_RETRY_MS = 10_000;

/**
 * One pass of starts, when it is its turn. Everything that need not wait then does not: volumes and references are
 * made ready and containers are created while the sandbox starts; only their own start waits for its network.
 */
export class PodStart {
  readonly #failures: Failures = new Map();

  constructor(
    private readonly plan: SyncPlan & { readonly sandbox: NonNullable<SyncPlan["sandbox"]> },
    private readonly pod: Pod,
    private readonly tools: SyncTools,
    private readonly pass: Pass,
  ) {}

  async run(): Promise<Applied> {
    const endTurn = await this.tools.turns.take(this.pass.signal);
    if (endTurn === undefined) return { failures: this.#failures };
    try {
      return await this.#run(endTurn);
    } finally {
      endTurn();
    }
  }

  async #run(endTurn: EndTurn): Promise<Applied> {
    const volumes = this.tools.volumes.make(this.pod);
    const sandbox = new SandboxStart(this.plan.sandbox, this.pod, this.tools);
    const files = sandbox.writeFiles();
    // both are waited for by who needs them, which may be later than they fail
    for (const made of [volumes, files]) made.catch(() => {});
    const sandboxId = await sandbox.id();
    const wired = sandbox.wire(sandboxId, files);
    const starting = new Set<Start>(this.plan.start);
    const starts = this.plan.start.map(async (start) => {
      // hooks that run after it may take their time
      const onStarted = () => starting.delete(start) && starting.size === 0 && endTurn();
      try {
        const place = { sandboxId, volumes, wired, onStarted, signal: this.pass.signal };
        const wait = await startContainer(start, place, this.pod, this.tools);
        if (wait !== undefined) this.#failures.set(start.container.name, wait);
      } catch (error) {
        this.#fail(start.container, error);
      }
    });
    // volumes and starts report their own failures; a pod without a network is one that did not start
    const results = await Promise.allSettled([wired, ...starts]);
    for (const result of results) if (result.status === "rejected") throw result.reason;
    return { failures: this.#failures, ip: await wired };
  }

  /** What is wrong with one container holds up no other; what is wrong with the runtime holds up the pod. */
  #fail({ name }: Container, error: unknown): void {
    const { record, clock } = this.tools;
    const retryAt = clock.now() + CONFIGURATION_RETRY_MS;
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof SandboxError) return;
    if (error instanceof VolumeError) {
      return void this.#failures.set(name, volumeWait(this.pod, this.tools));
    }
    if (failedFor(error, "Unavailable", "NoSuchContainer", "NameTaken")) throw error;
    const reason = error instanceof ConfigurationError
      ? "CreateContainerConfigError"
      : "CreateContainerError";
    const waiting: Waiting = { reason, message };
    record(this.pod, "Warning", "Failed", `Error: ${message}`);
    this.#failures.set(name, { waiting, retryAt });
  }
}

/** It ends when the volumes' own back-off does, or when something comes that they lack. */
function volumeWait({ metadata: { uid = "" } }: Pod, { volumes }: SyncTools): ImageWait {
  return {
    waiting: { reason: "ContainerCreating" },
    get retryAt() {
      return volumes.retryAt(uid);
    },
  };
}
