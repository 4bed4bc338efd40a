import type { Container, Pod, Service } from "../api/types/core_v1.ts";
import { SERVICES } from "../api/types/resources.ts";
import { containerConfig } from "./container_config.ts";
import { targetOf } from "./container_roles.ts";
import { containerSecurity } from "./container_security.ts";
import {
  ConfigurationError,
  environmentNeedsAddress,
  environmentOf,
  environmentReferences,
  skippedKeys,
} from "./environment.ts";
import { type ImageUser, type ImageWait, pullPolicyOf } from "./images.ts";
import { runHook } from "./lifecycle_hooks.ts";
import { hostnameOf } from "./pod_files.ts";
import { readReferences } from "./pod_references.ts";
import { makeMounts } from "./volumes/container_mounts.ts";
import { podFolder } from "./volumes/pod_folders.ts";
import { failedFor, type Mount, type RuntimeContainer } from "./runtime.ts";
import { runtimeHandlerOf } from "./sandbox_config.ts";
import type { Start } from "./sync.ts";
import { factsOf, type SyncTools } from "./sync_tools.ts";
import { makeMessageFile } from "./termination_messages.ts";
import type { VolumePlan } from "./volumes/volume_plan.ts";

/** Kubernetes waits for ever; ours ends with the pod, and at the latest after this. */
const POST_START_MS_MAX = 3_600_000;

/** What the containers of a pod share; each waits for as much of it as it needs. */
export interface ContainerPlace {
  readonly sandboxId: string;
  readonly volumes: Promise<ReadonlyMap<string, VolumePlan>>;
  /** Resolves with the pod's address. */
  readonly wired: Promise<string>;
  /** The engine has done its part; what is left is the container's own. */
  readonly onStarted: () => void;
  /** Aborted when the pod is to end: its hooks are not waited for. */
  readonly signal: AbortSignal;
}

/** Makes one container and starts it. @returns what it waits for when its image is not there yet */
export async function startContainer(
  start: Start,
  place: ContainerPlace,
  pod: Pod,
  tools: SyncTools,
): Promise<ImageWait | undefined> {
  const { images, record, observed, runtime } = tools;
  const { container } = start;
  const user = imageUserOf(pod, container);
  const wait = images.beforeCreate(user);
  if (wait !== undefined) return wait;
  let id: string;
  try {
    id = await createContainer(start, place, pod, tools);
  } catch (error) {
    if (!failedFor(error, "NoSuchImage")) throw error;
    return images.onMissing(user);
  }
  if (!images.onCreated(user)) {
    const message = `Container image "${user.image}" already present on machine`;
    record(pod, "Normal", "Pulled", message);
  }
  const ip = await place.wired;
  const after = await runtime.start(id);
  observed.see(after);
  place.onStarted();
  record(pod, "Normal", "Created", `Created container: ${container.name}`);
  if (after.error === "") {
    record(pod, "Normal", "Started", `Started container ${container.name}`);
    await postStart(after, { container, ip, signal: place.signal }, pod, tools);
  } else record(pod, "Warning", "Failed", `Error: ${after.error}`);
  return undefined;
}

/** A container whose hook fails is stopped, and then treated as one that has ended. */
async function postStart(
  { id, name, graceSeconds }: RuntimeContainer,
  { container: spec, ip, signal }: { container: Container; ip: string; signal: AbortSignal },
  pod: Pod,
  tools: SyncTools,
): Promise<void> {
  const handler = spec.lifecycle?.postStart;
  if (handler === undefined) return;
  const { runtime, observed, record, log } = tools;
  const limits = { timeoutMs: POST_START_MS_MAX, signal };
  const failure = await runHook(handler, { containerId: id, spec, ip }, tools, limits);
  if (failure === undefined) return;
  log("A hook after the start has failed", { pod: pod.metadata.name, container: name, failure });
  record(pod, "Warning", "FailedPostStartHook", "PostStartHook failed");
  record(pod, "Normal", "Killing", `FailedPostStartHook`);
  const dead = await runtime.stop(id, graceSeconds);
  if (dead !== undefined) observed.see(dead);
}

async function createContainer(
  start: Start,
  { sandboxId, volumes, wired }: ContainerPlace,
  pod: Pod,
  tools: SyncTools,
): Promise<string> {
  const { container } = start;
  const security = await containerSecurity(pod, container, tools);
  const runtimeHandler = await runtimeHandlerOf(tools.api, pod);
  const ip = environmentNeedsAddress(container) ? await wired : "";
  const environment = await environmentFor(container, ip, pod, tools);
  const lastWords = await makeMessageFile(pod, container, start.attempt, tools);
  const sources = { volumes: await volumes, environment };
  const mounts = [...await mountsFor(container, sources, pod, tools), ...lastWords];
  const { memoryCapacityBytes, pidsMax } = tools;
  const ofNode = { memoryCapacityBytes, pidsMax, runtimeHandler };
  const target = processTarget(pod, container.name, tools);
  const made = { sandboxId, environment, mounts, security, ...ofNode, ...target };
  return await tools.runtime.createContainer(containerConfig(pod, start, made));
}

/** The running container whose processes one that looks into the pod is to see. */
function processTarget(pod: Pod, name: string, { observed }: SyncTools): { processesOf?: string } {
  const target = targetOf(pod, name);
  if (target === undefined) return {};
  const found = observed.of(pod.metadata.uid ?? "").find((one) =>
    one.name === target && one.state === "running"
  );
  if (found !== undefined) return { processesOf: found.id };
  throw new ConfigurationError(`unable to find target container ${JSON.stringify(target)}`);
}

export function imageUserOf(pod: Pod, { name, image = "", imagePullPolicy }: Container): ImageUser {
  const podUid = pod.metadata.uid ?? "";
  const { namespace = "" } = pod.metadata;
  const pullSecrets = (pod.spec.imagePullSecrets ?? []).flatMap(({ name }) => name ?? []);
  const policy = pullPolicyOf(image, imagePullPolicy);
  return { podUid, container: name, image, policy, namespace, pullSecrets };
}

async function environmentFor(
  container: Container,
  podIp: string,
  pod: Pod,
  tools: SyncTools,
): Promise<Map<string, string>> {
  const { api, cache } = tools;
  const { namespace = "" } = pod.metadata;
  const references = await readReferences(api, namespace, environmentReferences(container));
  const services = new Set<Service>([
    ...cache.list(SERVICES, "default"),
    ...cache.list(SERVICES, namespace),
  ]);
  const facts = factsOf(podIp, tools);
  const sources = { pod, facts, services: [...services], ...references };
  for (const text of skippedKeys(container, sources)) {
    tools.record(pod, "Warning", "InvalidEnvironmentVariableNames", text);
  }
  const environment = environmentOf(container, sources);
  // with the node's network the name is the node's, which the engine knows
  if (pod.spec.hostNetwork) return environment;
  return new Map([["HOSTNAME", hostnameOf(pod)], ...environment]);
}

async function mountsFor(
  container: Container,
  { volumes, environment }: {
    readonly volumes: ReadonlyMap<string, VolumePlan>;
    readonly environment: ReadonlyMap<string, string>;
  },
  pod: Pod,
  { mounts, dataDir }: SyncTools,
): Promise<Mount[]> {
  const folder = podFolder(dataDir, pod.metadata.uid ?? "");
  const wanted = await makeMounts(container, { mounts, volumes, environment, folder });
  const taken = new Set(wanted.map(({ containerPath }) => containerPath));
  const own = [
    ["etc-hosts", "/etc/hosts"],
    ["resolv.conf", "/etc/resolv.conf"],
    // with the node's network the name is the node's, which the engine knows
    ...pod.spec.hostNetwork ? [] : [["hostname", "/etc/hostname"] as const],
  ] as const;
  const added = own.filter(([, path]) => !taken.has(path)).map(([name, containerPath]) => ({
    hostPath: `${folder}/${name}`,
    containerPath,
    isReadOnly: false,
    propagation: "private" as const,
  }));
  return [...wanted, ...added];
}
