import type { ObjectReads } from "../api/http/object_reads.ts";
import type { Pod, Service } from "../api/types/core_v1.ts";
import type { KubeObject } from "../api/types/meta.ts";
import {
  NAMESPACES,
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  PODS,
  type Resource,
  SERVICES,
} from "../api/types/resources.ts";
import { STORAGE_CLASSES } from "../api/types/storage_v1.ts";
import { isOver } from "../controllers/pods.ts";
import { Snapshot } from "../scheduler/snapshot.ts";
import { realClock } from "./clock.ts";

type Reads = Pick<ObjectReads, "list">;

/** A copy of what the scheduler looks at. */
export async function worldOf(reads: Reads) {
  const of = async <T extends KubeObject>(resource: Resource<T>) =>
    (await reads.list(resource, {})).items as readonly KubeObject[] as readonly T[];
  const world = new Snapshot(realClock);
  for (const { metadata } of await of(NAMESPACES)) {
    world.counts.setNamespace(metadata.name, metadata.labels ?? {});
  }
  for (const storage of await of(STORAGE_CLASSES)) {
    world.volumes.classes.set(storage.metadata.name, storage);
  }
  for (const volume of await of(PERSISTENT_VOLUMES)) {
    world.volumes.volumes.set(volume.metadata.name, volume);
  }
  for (const claim of await of(PERSISTENT_VOLUME_CLAIMS)) world.volumes.setClaim(claim);
  for (const node of await of(NODES)) world.setNode(node);
  const services: readonly Service[] = await of(SERVICES);
  for (const service of services) world.setService(service);
  const pods: readonly Pod[] = await of(PODS);
  for (const pod of pods) if (pod.spec.nodeName && !isOver(pod)) world.setPod(pod);
  return { world, pods, services };
}
