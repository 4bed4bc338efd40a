import type { Clock, Log } from "../api/types/ambient.ts";
import type { ObservedPods } from "./observed_pods.ts";
import type { PodHostNames } from "./pod_host_names.ts";
import type { IdleSandbox, Runtime, RuntimeContainer, SandboxConfig } from "./runtime.ts";
import type { StartTurns } from "./start_turns.ts";

/** More would cost more memory, about 10 MB each, than anybody gains by them. */
export const SANDBOX_POOL_MAX = 64;
/** Nothing is made ahead within so long after the last start: who starts one pod often starts another. */
const REST_MS = 500;
/** After one that could not be made. */
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 60_000;
/** Source: Linux, HOST_NAME_MAX. */
const HOST_NAME_MAX = 64;

/** What a node that makes sandboxes ahead must have. */
export interface SandboxPoolSettings {
  readonly names: PodHostNames;
  /** So many are idle at the most; 0: none, but those of earlier agents that pods have claimed are served on. */
  readonly size: number;
  /** Another one each time, on this host: 31 characters at the most, as in a host name. */
  readonly newStandIn: () => string;
}

export interface SandboxPoolOptions extends SandboxPoolSettings {
  readonly runtime: Pick<Runtime, "startIdle" | "listIdle" | "claim" | "remove">;
  readonly observed: Pick<ObservedPods, "all">;
  readonly turns: Pick<StartTurns, "isResting" | "onRest">;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
}

/**
 * Sandboxes that run before there is a pod for them. The next pod whose sandbox has no settings of its own takes one;
 * new ones are made while nobody starts anything. Record 0090 says how the pod gets its host name.
 */
export class SandboxPool {
  readonly #idle: IdleSandbox[] = [];
  /** Names of those that are being made, or claimed: the runtime may show them as idle. */
  readonly #busy = new Set<string>();
  #isAdopted = false;
  #isMaking = false;
  #closedFor: string | undefined;
  #retryMs = RETRY_FIRST_MS;
  #cancelRefill: (() => void) | undefined;

  constructor(private readonly options: SandboxPoolOptions) {
    options.turns.onRest(() => this.#refillAfter(REST_MS));
    options.names.onFailure((standIn, reason) => void this.#close(standIn, reason));
    options.signal.addEventListener("abort", () => this.#cancelRefill?.());
  }

  get size(): number {
    return this.#idle.length;
  }

  /** @returns undefined when none is left, or the pod's has settings of its own: then one is made for it */
  take(config: SandboxConfig): IdleSandbox | undefined {
    if (!isPlain(config)) return undefined;
    const [taken] = this.#idle;
    if (taken === undefined || !this.#canGive(taken.standIn, config.hostname)) return undefined;
    this.#idle.shift();
    this.#busy.add(taken.standIn);
    return taken;
  }

  #canGive(standIn: string, hostname: string): boolean {
    try {
      this.options.names.give(standIn, hostname);
      return true;
    } catch (error) {
      this.options.log("Cannot use a sandbox that was made ahead", { error: String(error) });
      return false;
    }
  }

  /** Makes one that was taken the pod's. @returns it as it is now */
  async claim(
    { id, standIn }: IdleSandbox,
    { pod, attempt }: SandboxConfig,
  ): Promise<RuntimeContainer> {
    try {
      return await this.options.runtime.claim(id, pod, attempt);
    } finally {
      this.#busy.delete(standIn);
    }
  }

  /** Before more containers join a sandbox that was claimed, by an earlier agent perhaps. @throws {Error} */
  keepName(standIn: string, hostname: string): void {
    this.options.names.give(standIn, hostname);
  }

  /** The sandbox of this name is gone. */
  release(standIn: string): void {
    this.options.names.forget(standIn);
  }

  /** An idle one has ended. One that is not known is no error. */
  lose(id: string): void {
    const at = this.#idle.findIndex((one) => one.id === id);
    if (at < 0) return;
    this.#idle.splice(at, 1);
    this.#refillAfter(REST_MS);
  }

  /** Takes over what earlier agents made, once all containers of pods are known; what is of no use goes. */
  async adopt(): Promise<void> {
    const { runtime, names, observed, size, log } = this.options;
    try {
      const found = (await runtime.listIdle()).filter(({ standIn }) => !this.#busy.has(standIn));
      const standIns = new Set([...observed.all(), ...found].map(({ standIn }) => standIn));
      if (!this.#isAdopted) {
        for (const standIn of names.known.keys()) if (!standIns.has(standIn)) names.forget(standIn);
      }
      this.#isAdopted = true;
      this.#idle.splice(0);
      for (const { id, standIn, isRunning } of found) {
        const isOfUse = isRunning && this.#closedFor === undefined && this.#idle.length < size;
        if (isOfUse) this.#idle.push({ id, standIn });
        else await runtime.remove(id);
      }
      this.#refillAfter(REST_MS);
    } catch (error) {
      const retryMs = RETRY_MAX_MS;
      log("Cannot take over sandboxes that were made ahead", { error: String(error), retryMs });
      this.#cancelRefill?.();
      this.#cancelRefill = this.options.clock.after(retryMs, () => void this.adopt());
    }
  }

  #refillAfter(ms: number): void {
    const { clock, size, signal } = this.options;
    this.#cancelRefill?.();
    if (this.#closedFor !== undefined || this.#idle.length >= size || signal.aborted) return;
    this.#cancelRefill = clock.after(ms, () => void this.#refill());
  }

  /** One at a time, so that a pod that comes meanwhile waits for no more than that. */
  async #refill(): Promise<void> {
    const { turns, log, signal } = this.options;
    if (this.#isMaking) return;
    this.#isMaking = true;
    try {
      while (turns.isResting && this.#isWanting && !signal.aborted) await this.#make();
      this.#retryMs = RETRY_FIRST_MS;
    } catch (error) {
      log("Cannot make a sandbox ahead", { error: String(error), retryMs: this.#retryMs });
      this.#refillAfter(this.#retryMs);
      this.#retryMs = Math.min(2 * this.#retryMs, RETRY_MAX_MS);
    } finally {
      this.#isMaking = false;
    }
  }

  async #make(): Promise<void> {
    const { runtime, newStandIn } = this.options;
    const standIn = newStandIn();
    this.#busy.add(standIn);
    try {
      const made = await runtime.startIdle(standIn);
      if (this.#closedFor === undefined) this.#idle.push(made);
      else await runtime.remove(made.id);
    } finally {
      this.#busy.delete(standIn);
    }
  }

  get #isWanting(): boolean {
    return this.#isAdopted && this.#closedFor === undefined &&
      this.#idle.length < this.options.size;
  }

  /** Where a process could not be named, none is trusted to be: pods get sandboxes of their own again. */
  async #close(standIn: string, reason: string): Promise<void> {
    const { runtime, observed, log } = this.options;
    if (this.#closedFor === undefined) log("no sandboxes are made ahead any more", { reason });
    this.#closedFor = reason;
    const failed = observed.all().filter((one) => one.standIn === standIn);
    try {
      for (const { id } of [...this.#idle.splice(0), ...failed]) await runtime.remove(id);
    } catch (error) {
      log("Cannot remove sandboxes that were made ahead", { error: String(error) });
    }
  }
}

/** What an idle sandbox is, a pod's must be but for its name. */
export function isPlain(config: SandboxConfig): boolean {
  const { isHostNetwork, isHostPid, isHostIpc, isPidShared, sysctls, runtimeHandler } = config;
  const isOwn = isHostNetwork || isHostPid || isHostIpc || isPidShared;
  const hasSettings = Object.keys(sysctls).length > 0 || runtimeHandler !== undefined;
  return !isOwn && !hasSettings && config.hostname.length <= HOST_NAME_MAX;
}
