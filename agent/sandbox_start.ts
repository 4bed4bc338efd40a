import type { Pod } from "../api/types/core_v1.ts";
import { identityOf } from "./container_config.ts";
import { asFile, etcHosts, resolvConf } from "./pod_files.ts";
import { podFolder } from "./volumes/pod_folders.ts";
import {
  failedFor,
  type IdleSandbox,
  type RuntimeContainer,
  SANDBOX,
  type SandboxConfig,
} from "./runtime.ts";
import { runtimeHandlerOf, sandboxConfig, sandboxHostname } from "./sandbox_config.ts";
import { removeOne } from "./stop_containers.ts";
import type { SyncPlan } from "./sync.ts";
import type { SyncTools } from "./sync_tools.ts";

/** The pod has no sandbox, which is told once and not for each container. */
export class SandboxError extends Error {
  override readonly name = "SandboxError";
}

/** The sandbox that a pass of starts joins: found or made, then started, wired, and given its files. */
export class SandboxStart {
  /** Nothing has joined it yet. */
  readonly #isNew: boolean;
  /** One that was made ahead, until it is the pod's. */
  #taken: { readonly idle: IdleSandbox; readonly config: SandboxConfig } | undefined;

  constructor(
    private readonly sandbox: NonNullable<SyncPlan["sandbox"]>,
    private readonly pod: Pod,
    private readonly tools: SyncTools,
  ) {
    this.#isNew = !("id" in sandbox) ||
      tools.observed.of(sandbox.pod.uid).every(({ name }) => name === SANDBOX);
  }

  /** @returns the runtime's id of it; it need not run yet, nor be the pod's */
  async id(): Promise<string> {
    if ("id" in this.sandbox) return this.sandbox.id;
    const { attempt } = this.sandbox;
    try {
      const { clusterDomain } = await this.tools.dns();
      const runtimeHandler = await runtimeHandlerOf(this.tools.api, this.pod);
      const config = sandboxConfig(this.pod, { attempt, clusterDomain, runtimeHandler });
      const idle = this.tools.pool?.take(config);
      if (idle === undefined) return await this.tools.runtime.createSandbox(config);
      this.#taken = { idle, config };
      return idle.id;
    } catch (error) {
      if (failedFor(error, "Unavailable", "NameTaken")) throw error;
      throw this.#failure(error);
    }
  }

  #failure(error: unknown): SandboxError {
    const message = error instanceof Error ? error.message : String(error);
    const told = `Failed to create pod sandbox: ${message}`;
    this.tools.record(this.pod, "Warning", "FailedCreatePodSandBox", told);
    return new SandboxError(`Cannot start the sandbox: ${message}`);
  }

  /**
   * Starts it where it does not run yet, and gives it its address. @returns the pod's address
   * @throws {SandboxError} after it has taken away what can't be used; {RuntimeError} Unavailable
   */
  async wire(sandboxId: string, filesWritten: Promise<unknown>): Promise<string> {
    const { network, nodeAddress, observed } = this.tools;
    try {
      const running = await this.#running(sandboxId);
      observed.see(running);
      if (running.state !== "running") throw new Error(running.error || running.state);
      if (this.pod.spec.hostNetwork) {
        await filesWritten;
        return nodeAddress;
      }
      const { ip } = await network.attach(identityOf(this.pod), running.pid);
      await filesWritten;
      if (this.#isNew) await this.#writeHosts(ip);
      return ip;
    } catch (error) {
      // an engine that is away takes nothing back: what is left is found and removed once it answers
      if (failedFor(error, "Unavailable")) throw error;
      // a sandbox without a network is worth nothing: the next pass makes a new one
      const failure = this.#failure(error);
      await removeOne(this.pod, sandboxId, this.tools);
      throw failure;
    }
  }

  async #running(sandboxId: string): Promise<RuntimeContainer> {
    const { runtime, pool, dns } = this.tools;
    const found = this.sandbox;
    if (!("id" in found)) {
      if (pool === undefined || this.#taken === undefined) return await runtime.start(sandboxId);
      return await pool.claim(this.#taken.idle, this.#taken.config);
    }
    if (found.standIn === undefined) return found;
    if (pool === undefined) throw new Error("what joins it can't be given its host name any more");
    pool.keepName(found.standIn, sandboxHostname(this.pod, (await dns()).clusterDomain));
    return found;
  }

  async writeFiles(): Promise<void> {
    const { files, dns, record } = this.tools;
    const settings = await dns();
    const { text, complaints } = resolvConf(this.pod, settings);
    for (const one of complaints) record(this.pod, "Warning", "DNSConfigForming", one);
    const hostname = `${sandboxHostname(this.pod, settings.clusterDomain)}\n`;
    await Promise.all([
      files.writeFile(this.#file("resolv.conf"), asFile(text)),
      files.writeFile(this.#file("hostname"), asFile(hostname)),
      this.#isNew ? this.#writeHosts(undefined) : undefined,
    ]);
  }

  async #writeHosts(ip: string | undefined): Promise<void> {
    const { clusterDomain, hostEtcHosts } = await this.tools.dns();
    const text = etcHosts(this.pod, { ip, clusterDomain, hostEtcHosts });
    await this.tools.files.writeFile(this.#file("etc-hosts"), asFile(text));
  }

  #file(name: string): string {
    return `${podFolder(this.tools.dataDir, this.pod.metadata.uid ?? "")}/${name}`;
  }
}
