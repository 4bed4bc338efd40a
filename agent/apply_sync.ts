import type { Clock, Log } from "../api/types/ambient.ts";
import type { Container, Pod, Service } from "../api/types/core_v1.ts";
import { SERVICES } from "../api/types/resources.ts";
import type { Api } from "../client/api.ts";
import type { Cache } from "../client/cache.ts";
import { containerConfig, identityOf, refusalOf } from "./container_config.ts";
import {
  ConfigurationError,
  environmentNeedsAddress,
  environmentOf,
  environmentReferences,
} from "./environment.ts";
import type { HostFiles } from "./host_files.ts";
import { type Images, type ImageUser, type ImageWait, pullPolicyOf } from "./images.ts";
import type { ObservedPods } from "./observed_pods.ts";
import { asFile, type DnsSettings, etcHosts, hostnameOf, resolvConf } from "./pod_files.ts";
import type { PodFacts } from "./pod_fields.ts";
import type { PodNetwork } from "./pod_network.ts";
import { readReferences } from "./pod_references.ts";
import { makeMounts, makeVolumes, podFolder, VolumeError } from "./volumes/pod_volumes.ts";
import {
  failedFor,
  type Mount,
  type Runtime,
  type RuntimeContainer,
  SANDBOX,
  type SandboxConfig,
} from "./runtime.ts";
import type { Start, Stop, SyncPlan, Waiting } from "./sync.ts";
import type { VolumePlan } from "./volumes/volume_plan.ts";

/** A start that failed for its configuration is tried again after this. Source: kubelet, its sync period. */
const CONFIGURATION_RETRY_MS = 10_000;
const GRACE_SECONDS_DEFAULT = 30;
/** A pod that the API has forgotten already is not waited for. */
export const FORGOTTEN_GRACE_SECONDS = 2;

/** Tells the pod's story to who asks `kubectl describe`. */
export type RecordPodEvent = (
  pod: Pod,
  type: "Normal" | "Warning",
  reason: string,
  message: string,
) => void;

export interface SyncTools {
  readonly api: Api;
  readonly cache: Cache;
  readonly runtime: Runtime;
  readonly network: PodNetwork;
  /** Resolves once no new connection of a service reaches this address, or after a bound. */
  readonly drained: (podIp: string) => Promise<void>;
  readonly files: HostFiles;
  readonly images: Images;
  readonly observed: ObservedPods;
  readonly record: RecordPodEvent;
  readonly clock: Clock;
  readonly log: Log;
  readonly dataDir: string;
  readonly nodeAddress: string;
  readonly nodeName: string;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly memoryCapacityBytes: number;
  readonly dns: () => Promise<DnsSettings & { readonly hostEtcHosts: string }>;
}

/** What a start that did not come off leaves behind, by container name. */
export type Failures = Map<string, ImageWait>;

export interface Applied {
  readonly failures: Failures;
  /** The pod's address, when this pass wired it. */
  readonly ip?: string;
}

/** Carries the plan out. It decides nothing: what fails for now is in the answer, what is broken is thrown. */
export async function applySync(plan: SyncPlan, pod: Pod, tools: SyncTools): Promise<Applied> {
  const removed = new Set(plan.remove);
  const { podIP } = pod.status ?? {};
  if (podIP !== undefined && plan.stop.some(({ why }) => why === "pod deleted")) {
    await tools.drained(podIP);
  }
  await Promise.all(plan.stop.map((stop) => stopOne(stop, pod, removed, tools)));
  const release = plan.releases ? tools.network.detach(pod.metadata.uid ?? "") : undefined;
  await Promise.all([release, ...plan.remove.map((id) => removeOne(pod, id, tools))]);
  if (plan.sandbox === undefined || plan.start.length === 0) return { failures: new Map() };
  return await new PodStart(plan, pod, tools).run();
}

async function stopOne(
  { container, why }: Stop,
  pod: Pod,
  removed: ReadonlySet<string>,
  { runtime, observed, record }: SyncTools,
): Promise<void> {
  const { id, name } = container;
  // its removal kills it at once, and it has nothing to finish
  if (name === SANDBOX && removed.has(id)) return;
  if (name !== SANDBOX) record(pod, "Normal", "Killing", killingText(name, why));
  const after = await runtime.stop(id, graceOf(pod, container));
  if (after === undefined) observed.forget(container.pod.uid, id);
  else observed.see(after);
}

function killingText(name: string, why: Stop["why"]): string {
  if (why === "spec changed") return `Container ${name} definition changed, will be restarted`;
  if (why === "unhealthy") return `Container ${name} failed liveness probe, will be restarted`;
  return `Stopping container ${name}`;
}

/** The user's own choice at deletion goes before the pod's. */
export function graceOf({ metadata, spec }: Pod, { graceSeconds }: RuntimeContainer): number {
  if (metadata.deletionGracePeriodSeconds !== undefined) return metadata.deletionGracePeriodSeconds;
  return spec.terminationGracePeriodSeconds ?? graceSeconds ?? GRACE_SECONDS_DEFAULT;
}

async function removeOne(pod: Pod, id: string, { runtime, observed }: SyncTools): Promise<void> {
  await runtime.remove(id);
  observed.forget(pod.metadata.uid ?? "", id);
}

/**
 * One pass of starts. Everything that need not wait does not: volumes and references are made ready and
 * containers are created while the sandbox starts; only their own start waits for its network.
 */
class PodStart {
  readonly #failures: Failures = new Map();
  readonly #folder: string;

  constructor(
    private readonly plan: SyncPlan,
    private readonly pod: Pod,
    private readonly tools: SyncTools,
  ) {
    this.#folder = podFolder(tools.dataDir, pod.metadata.uid ?? "");
  }

  async run(): Promise<Applied> {
    const volumes = makeVolumes(this.pod, this.#facts(""), this.tools);
    const files = this.#writeFiles();
    // both are waited for by who needs them, which may be later than they fail
    for (const made of [volumes, files]) made.catch(() => {});
    const sandboxId = await this.#sandboxId();
    const wired = this.#wire(sandboxId, files);
    const starts = this.plan.start.map(async (start) => {
      try {
        await this.#start(start, { sandboxId, volumes, wired });
      } catch (error) {
        this.#fail(start.container, error);
      }
    });
    // volumes and starts report their own failures; a pod without a network is one that did not start
    const results = await Promise.allSettled([wired, ...starts]);
    for (const result of results) if (result.status === "rejected") throw result.reason;
    return { failures: this.#failures, ip: await wired };
  }

  async #sandboxId(): Promise<string> {
    const { sandbox } = this.plan;
    if (sandbox === undefined) throw new Error("nothing to start in");
    if ("id" in sandbox) return sandbox.id;
    return await this.tools.runtime.createSandbox(sandboxConfig(this.pod, sandbox.attempt));
  }

  /** Starts the sandbox where it does not run yet, and gives it its address. */
  async #wire(sandboxId: string, filesWritten: Promise<unknown>): Promise<string> {
    const { runtime, network, nodeAddress, observed, record } = this.tools;
    const { sandbox } = this.plan;
    const isNew = sandbox !== undefined && !("id" in sandbox);
    try {
      const running = isNew ? await runtime.start(sandboxId) : sandbox as RuntimeContainer;
      observed.see(running);
      if (running.state !== "running") throw new Error(running.error || running.state);
      await filesWritten;
      if (this.pod.spec.hostNetwork) return nodeAddress;
      const { ip } = await network.attach(identityOf(this.pod), running.pid);
      if (isNew) await this.#writeHosts(ip);
      return ip;
    } catch (error) {
      // a sandbox without a network is worth nothing: the next pass makes a new one
      const message = error instanceof Error ? error.message : String(error);
      record(
        this.pod,
        "Warning",
        "FailedCreatePodSandBox",
        `Failed to create pod sandbox: ${message}`,
      );
      await removeOne(this.pod, sandboxId, this.tools);
      throw new SandboxError(`Cannot start the sandbox: ${message}`);
    }
  }

  async #writeFiles(): Promise<void> {
    const dns = await this.tools.dns();
    await Promise.all([
      this.tools.files.writeFile(this.#file("resolv.conf"), asFile(resolvConf(this.pod, dns))),
      "id" in (this.plan.sandbox ?? {}) ? undefined : this.#writeHosts(undefined),
    ]);
  }

  async #writeHosts(ip: string | undefined): Promise<void> {
    const { clusterDomain, hostEtcHosts } = await this.tools.dns();
    const text = etcHosts(this.pod, { ip, clusterDomain, hostEtcHosts });
    await this.tools.files.writeFile(this.#file("etc-hosts"), asFile(text));
  }

  #file(name: string): string {
    return `${this.#folder}/${name}`;
  }

  async #start(
    start: Start,
    { sandboxId, volumes, wired }: {
      sandboxId: string;
      volumes: Promise<Map<string, VolumePlan>>;
      wired: Promise<string>;
    },
  ): Promise<void> {
    const { runtime, images, record, observed } = this.tools;
    const { container } = start;
    const refusal = refusalOf(this.pod, container);
    if (refusal !== undefined) throw new ConfigurationError(refusal);
    const user = this.#imageUser(container);
    const wait = images.beforeCreate(user);
    if (wait !== undefined) return void this.#failures.set(container.name, wait);
    const ip = environmentNeedsAddress(container) ? await wired : "";
    const environment = await this.#environment(container, ip);
    const mounts = await this.#mounts(container, await volumes, environment);
    const { memoryCapacityBytes } = this.tools;
    const made = { sandboxId, environment, mounts, memoryCapacityBytes };
    let id: string;
    try {
      id = await runtime.createContainer(containerConfig(this.pod, start, made));
    } catch (error) {
      if (!failedFor(error, "NoSuchImage")) throw error;
      return void this.#failures.set(container.name, images.onMissing(user));
    }
    if (!images.onCreated(user)) {
      const message = `Container image "${user.image}" already present on machine`;
      record(this.pod, "Normal", "Pulled", message);
    }
    await wired;
    const after = await runtime.start(id);
    observed.see(after);
    record(this.pod, "Normal", "Created", `Created container ${container.name}`);
    if (after.error === "") {
      record(this.pod, "Normal", "Started", `Started container ${container.name}`);
    } else record(this.pod, "Warning", "Failed", `Error: ${after.error}`);
  }

  #imageUser({ name, image = "", imagePullPolicy }: Container): ImageUser {
    const podUid = this.pod.metadata.uid ?? "";
    return { podUid, container: name, image, policy: pullPolicyOf(image, imagePullPolicy) };
  }

  async #environment(container: Container, podIp: string): Promise<Map<string, string>> {
    const { api, cache } = this.tools;
    const { namespace = "" } = this.pod.metadata;
    const references = await readReferences(api, namespace, environmentReferences(container));
    const services = new Set<Service>([
      ...cache.list(SERVICES, "default"),
      ...cache.list(SERVICES, namespace),
    ]);
    const facts = this.#facts(podIp);
    const sources = { pod: this.pod, facts, services: [...services], ...references };
    const environment = environmentOf(container, sources);
    return new Map([["HOSTNAME", hostnameOf(this.pod)], ...environment]);
  }

  async #mounts(
    container: Container,
    volumes: ReadonlyMap<string, VolumePlan>,
    environment: ReadonlyMap<string, string>,
  ): Promise<Mount[]> {
    const { files } = this.tools;
    const wanted = await makeMounts(container, { files, volumes, environment });
    const taken = new Set(wanted.map(({ containerPath }) => containerPath));
    const own = [["etc-hosts", "/etc/hosts"], ["resolv.conf", "/etc/resolv.conf"]] as const;
    const added = own.filter(([, path]) => !taken.has(path)).map(([name, containerPath]) => ({
      hostPath: this.#file(name),
      containerPath,
      isReadOnly: false,
      propagation: "private" as const,
    }));
    return [...wanted, ...added];
  }

  #facts(podIp: string): PodFacts {
    return factsOf(podIp, this.tools);
  }

  /** What is wrong with one container holds up no other; what is wrong with the runtime holds up the pod. */
  #fail({ name }: Container, error: unknown): void {
    const { record, clock } = this.tools;
    const retryAt = clock.now() + CONFIGURATION_RETRY_MS;
    const message = error instanceof Error ? error.message : String(error);
    if (error instanceof SandboxError) return;
    if (error instanceof VolumeError) {
      record(this.pod, "Warning", "FailedMount", message);
      return void this.#failures.set(name, { waiting: { reason: "ContainerCreating" }, retryAt });
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

export function factsOf(podIp: string, tools: SyncTools): PodFacts {
  const { nodeAddress, nodeName, allocatable } = tools;
  return { podIp, hostIp: nodeAddress, nodeName, allocatable };
}

/** The pod has no sandbox, which is told once and not for each container. */
class SandboxError extends Error {
  override readonly name = "SandboxError";
}

function sandboxConfig(pod: Pod, attempt: number): SandboxConfig {
  const { spec } = pod;
  const sysctls = spec.securityContext?.sysctls ?? [];
  return {
    pod: identityOf(pod),
    attempt,
    hostname: hostnameOf(pod),
    isHostNetwork: spec.hostNetwork ?? false,
    isHostPid: spec.hostPID ?? false,
    isHostIpc: spec.hostIPC ?? false,
    sysctls: Object.fromEntries(sysctls.map(({ name, value }) => [name, value])),
    graceSeconds: spec.terminationGracePeriodSeconds ?? GRACE_SECONDS_DEFAULT,
  };
}
