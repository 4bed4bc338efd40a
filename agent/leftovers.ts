import type { Clock, Log } from "../api/types/ambient.ts";
import type { Pod } from "../api/types/core_v1.ts";
import { type GarbageSettings, planGarbage } from "./garbage.ts";
import type { ObservedPods } from "./observed_pods.ts";
import type { PodNetwork } from "./pod_network.ts";
import type { Runtime } from "./runtime.ts";
import type { PodVolumes } from "./volumes/pod_volumes.ts";

export interface LeftoverSources {
  readonly runtime: Runtime;
  readonly network: PodNetwork;
  readonly volumes: Pick<PodVolumes, "uids">;
  readonly observed: ObservedPods;
  readonly garbage: GarbageSettings;
  readonly clock: Clock;
  readonly log: Log;
  /** The pods that the API has bound to this node. */
  readonly pods: () => readonly Readonly<Pod>[];
}

/** Pods of which only containers, volumes or an address are left. */
export async function leftoverPods(sources: LeftoverSources): Promise<Set<string>> {
  const { volumes, network, observed, log } = sources;
  const [folders, wired] = await Promise.all([
    volumes.uids(),
    network.list().catch((error) => {
      log("Cannot list the pod network", { error: String(error) });
      return new Map<string, string>();
    }),
  ]);
  const uids = new Set([...observed.uids(), ...folders, ...wired.keys()]);
  for (const { metadata } of sources.pods()) uids.delete(metadata.uid ?? "");
  return uids;
}

/** Removes the dead containers that nobody asks for any more. */
export async function collectDeadContainers(sources: LeftoverSources): Promise<void> {
  const { runtime, observed, clock, log, garbage } = sources;
  const live = new Set(sources.pods().map(({ metadata }) => metadata.uid ?? ""));
  const all = observed.all();
  for (const id of planGarbage(all, live, clock.now(), garbage)) {
    const container = all.find((one) => one.id === id);
    try {
      await runtime.remove(id);
      observed.forget(container?.pod.uid ?? "", id);
    } catch (error) {
      log("Cannot remove a dead container", { container: id, error: String(error) });
    }
  }
}
