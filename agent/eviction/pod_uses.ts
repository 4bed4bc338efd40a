import type { Pod } from "../../api/types/core_v1.ts";
import type { PodSample, Sample } from "../stats/sampler.ts";
import type { PodUse } from "./rank.ts";
import type { PodDisk } from "./storage_limits.ts";

/** By uid: what pods use. Disks are read only where it matters, since that takes time. */
export async function podUses(
  pods: readonly Readonly<Pod>[],
  sample: Sample,
  diskOf: ((pod: Readonly<Pod>) => Promise<PodDisk>) | undefined,
): Promise<Map<string, PodUse>> {
  const uses = new Map<string, PodUse>();
  for (const pod of pods) {
    const { uid = "" } = pod.metadata;
    uses.set(uid, useOf(sample.pods.get(uid), await diskOf?.(pod)));
  }
  return uses;
}

function useOf(sample: PodSample | undefined, disk: PodDisk | undefined): PodUse {
  const samples = sample?.containers ?? [];
  const all = sample?.sandbox === undefined ? samples : [...samples, sample.sandbox];
  const containers = new Map(samples.map(({ container: { name }, usage }) => [name, {
    memoryBytes: usage.memory.workingSet,
    diskBytes: disk?.containers.get(name) ?? 0,
  }]));
  const sum = (amounts: Iterable<number>) => [...amounts].reduce((a, b) => a + b, 0);
  return {
    memoryBytes: sum(all.map(({ usage }) => usage.memory.workingSet)),
    diskBytes: disk === undefined ? 0 : sum(disk.volumes.values()) + sum(disk.containers.values()),
    processes: sum(all.map(({ usage }) => usage.processes)),
    containers,
  };
}
