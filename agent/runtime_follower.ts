import type { Clock, Log } from "../api/types/ambient.ts";
import type { ObservedPods } from "./observed_pods.ts";
import type { PodNetwork } from "./pod_network.ts";
import type { Runtime } from "./runtime.ts";

const RECONNECT_FIRST_MS = 200;
/** To ask a socket costs next to nothing; pods that ended with the engine are to be told of at once. */
const RECONNECT_MAX_MS = 2_000;

/** An engine that hangs accepts connections and says nothing: after so long the node says so. */
const SILENT_MS_MAX = 30_000;
/** Nobody hears from an idle engine, nor from one that hangs: it is asked how it is. */
const HEALTH_MS = 10_000;

export interface RuntimeFollowerOptions {
  readonly runtime: Runtime;
  readonly network: PodNetwork;
  readonly observed: ObservedPods;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Something about this pod's containers has changed. */
  readonly poke: (podUid: string) => void;
  /** A sandbox that belongs to no pod is of no use any more. */
  readonly onIdleLost: (id: string) => void;
  /** The engine was away and answers again: what failed meanwhile may be tried at once. */
  readonly onBack: () => void;
  /** What ails the node has changed, or may have. */
  readonly onHealth: () => void;
}

/** Keeps our picture of the container engine right, and knows what ails the engine and the pod network. */
export class RuntimeFollower {
  readonly #with: RuntimeFollowerOptions;
  /** Resolved once the engine has told of every container: before that, nothing may be started or ended. */
  readonly #listed = Promise.withResolvers<void>();
  #version: string | undefined;
  #runtimeTrouble: string | undefined = "container runtime is not up yet";
  #networkTrouble: string | undefined;
  #wasAway = false;
  /** Resolved once the engine was silent for too long. */
  readonly #silent = Promise.withResolvers<void>();
  /** What it was asked, and was silent about for too long. */
  #unanswered = 0;

  constructor(options: RuntimeFollowerOptions) {
    this.#with = options;
  }

  /** Name and version, as the engine said them last. */
  get version(): string | undefined {
    return this.#version;
  }

  listed(): Promise<void> {
    return this.#listed.promise;
  }

  /** What keeps the node from being ready, in the words that its condition shows. */
  get networkTrouble(): string | undefined {
    return this.#networkTrouble;
  }

  troubles(): string[] {
    const silence = `container runtime is down: no answer for ${SILENT_MS_MAX / 1000} s`;
    return [
      this.#unanswered > 0 ? silence : this.#runtimeTrouble,
      this.#networkTrouble,
    ].filter((one) => one !== undefined);
  }

  /** Asks the engine how it is, and waits for as long as it may be silent. */
  async begin(): Promise<void> {
    await Promise.race([this.#watched(() => this.#checkHealth()), this.#silent.promise]);
  }

  /** Follows the engine until the signal aborts. */
  async run(): Promise<void> {
    await Promise.all([this.#followEvents(), this.#watchHealth()]);
  }

  /** Lists anew whenever some events may have been missed. */
  async #followEvents(): Promise<void> {
    const { runtime, observed, poke, onIdleLost, clock, log, signal, onHealth } = this.#with;
    let retryMs = RECONNECT_FIRST_MS;
    while (!signal.aborted) {
      try {
        const onReady = () => {
          retryMs = RECONNECT_FIRST_MS;
          void this.relist();
        };
        for await (const event of runtime.events(signal, onReady)) {
          if (event.podUid === "") onIdleLost(event.containerId);
          else if (observed.apply(event)) poke(event.podUid);
        }
      } catch (error) {
        this.#runtimeTrouble = `container runtime is down: ${String(error)}`;
        log("Cannot follow the container runtime", { error: String(error), retryMs });
        onHealth();
      }
      this.#wasAway = true;
      await clock.sleep(retryMs, signal);
      retryMs = Math.min(2 * retryMs, RECONNECT_MAX_MS);
    }
  }

  /** Asks again and again how the engine is; one that is away is looked for by who follows it. */
  async #watchHealth(): Promise<void> {
    const { clock, signal } = this.#with;
    while (!signal.aborted) {
      await clock.sleep(HEALTH_MS, signal);
      if (signal.aborted || this.#wasAway) continue;
      const wasSilent = await this.#watched(() => this.#checkHealth());
      if (wasSilent) await this.relist();
    }
  }

  async relist(): Promise<void> {
    await this.#watched(() => this.#relist());
  }

  /** Tells of an engine that is silent, and goes on waiting for it. @returns whether it was */
  async #watched(asking: () => Promise<void>): Promise<boolean> {
    const { clock, log, onHealth } = this.#with;
    const hadTrouble = this.troubles().length > 0;
    let wasSilent = false;
    const cancel = clock.after(SILENT_MS_MAX, () => {
      wasSilent = this.#wasAway = true;
      this.#unanswered += 1;
      this.#silent.resolve();
      log("The container runtime does not answer", { seconds: SILENT_MS_MAX / 1000 });
      onHealth();
    });
    await asking();
    cancel();
    if (wasSilent) this.#unanswered -= 1;
    if (hadTrouble || wasSilent || this.troubles().length > 0) onHealth();
    return wasSilent;
  }

  async #relist(): Promise<void> {
    const { runtime, observed, poke, onBack, log } = this.#with;
    try {
      await this.#checkHealth();
      for (const uid of await observed.replace(() => runtime.listContainers())) poke(uid);
      this.#listed.resolve();
      if (this.#wasAway) onBack();
      this.#wasAway = false;
    } catch (error) {
      this.#wasAway = true;
      this.#runtimeTrouble = `container runtime is down: ${String(error)}`;
      log("Cannot list containers", { error: String(error) });
    }
  }

  async #checkHealth(): Promise<void> {
    const { runtime, network } = this.#with;
    const reasonOf = (error: unknown) => error instanceof Error ? error.message : String(error);
    try {
      this.#version = await runtime.version();
      this.#runtimeTrouble = undefined;
    } catch (error) {
      this.#runtimeTrouble = `container runtime is down: ${reasonOf(error)}`;
    }
    try {
      await network.list();
      this.#networkTrouble = undefined;
    } catch (error) {
      this.#networkTrouble = `pod network is not ready: ${reasonOf(error)}`;
    }
  }
}
