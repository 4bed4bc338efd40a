import type { Clock, Log } from "../api/types/ambient.ts";
import type { Pod } from "../api/types/core_v1.ts";
import type { Api } from "../client/api.ts";
import type { Cache } from "../client/cache.ts";
import type { Drain } from "./drain.ts";
import type { GarbageSettings } from "./garbage.ts";
import type { HostFiles } from "./host_files.ts";
import type { HostMounts } from "./host_mounts.ts";
import type { Images, ImageWait } from "./images.ts";
import type { NodeRules } from "./node_refusal.ts";
import type { ObservedPods } from "./observed_pods.ts";
import type { PodFacts } from "./pod_fields.ts";
import type { DnsSettings } from "./pod_files.ts";
import type { PodNetwork } from "./pod_network.ts";
import type { Prober } from "./probes.ts";
import type { Runtime } from "./runtime.ts";
import type { SandboxPool } from "./sandbox_pool.ts";
import type { StartTurns } from "./start_turns.ts";
import type { TerminationMessages } from "./termination_messages.ts";
import type { PodVolumes } from "./volumes/pod_volumes.ts";

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
  /** Waits, within a bound, until no client of a service would miss a pod that ends. */
  readonly drain: Drain;
  readonly files: HostFiles;
  readonly mounts: HostMounts;
  readonly volumes: PodVolumes;
  readonly images: Images;
  readonly turns: StartTurns;
  /** Absent where processes can't be given their host name as they begin. */
  readonly pool: SandboxPool | undefined;
  readonly observed: ObservedPods;
  readonly record: RecordPodEvent;
  readonly clock: Clock;
  readonly log: Log;
  readonly dataDir: string;
  readonly nodeAddress: string;
  readonly nodeName: string;
  readonly allocatable: Readonly<Record<string, string>>;
  readonly memoryCapacityBytes: number;
  /** Processes and threads of one container; 0 for no limit. */
  readonly pidsMax: number;
  readonly rules: NodeRules;
  readonly garbage: GarbageSettings;
  readonly prober: Prober;
  readonly messages: TerminationMessages;
  readonly dns: () => Promise<DnsSettings & { readonly hostEtcHosts: string }>;
}

/** How a container's stop goes on; `hurry` cuts its hook short. */
export interface StopProgress {
  graceSeconds: number;
  readonly hurry: AbortController;
}

/** One pass of a pod's worker, as far as it can be told to be quick. */
export interface Pass {
  /** Aborted when the pod is to end: hooks of containers that start are not waited for. */
  readonly signal: AbortSignal;
  /** Containers that are being stopped, by id. */
  readonly stopping: Map<string, StopProgress>;
}

/** What a start that did not come off leaves behind, by container name. */
export type Failures = Map<string, ImageWait>;

export interface Applied {
  readonly failures: Failures;
  /** The pod's address, when this pass wired it. */
  readonly ip?: string;
}

export function factsOf(podIp: string, tools: SyncTools): PodFacts {
  const { nodeAddress, nodeName, allocatable } = tools;
  return { podIp, hostIp: nodeAddress, nodeName, allocatable };
}
