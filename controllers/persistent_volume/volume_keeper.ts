import type { PersistentVolume, PersistentVolumeClaim } from "../../api/types/core_v1.ts";
import { PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES } from "../../api/types/resources.ts";
import type { Cache, Write } from "../../client/cache.ts";
import {
  type Controller,
  NOTHING_TO_DO,
  onChangeOf,
  type Plan,
  type World,
} from "../controller.ts";
import {
  annotation,
  hasFinalizer,
  LOCAL_PROVISIONER,
  PROVISIONED_BY,
  VOLUME_PROTECTION,
  withFinalizer,
  withoutFinalizer,
} from "./storage_annotations.ts";

type Volume = Readonly<PersistentVolume>;
type Phase = "Available" | "Bound" | "Released" | "Failed";

/** So long a volume of ours stays released: in that time the node's agent has seen it and taken its folder away. */
const CLEARED_MS = 180_000;

/** Says of each volume where it is in its life, and does to it what is to be done after its claim. */
export const volumeKeeper: Controller<PersistentVolume> = {
  name: "persistentvolume-controller",
  reconciles: PERSISTENT_VOLUMES,
  requeueOn: [
    onChangeOf(PERSISTENT_VOLUME_CLAIMS, ({ before, after }) => {
      const names = [before?.spec.volumeName, after?.spec.volumeName];
      return [...new Set(names)].flatMap((name) => name ? [{ namespace: "", name }] : []);
    }),
  ],
  /** Only the API knows for certain that a claim is gone: the two watches may be at different revisions. */
  reads(_key, volume, cache) {
    const { namespace = "", name = "", uid = "" } = volume?.spec.claimRef ?? {};
    if (uid === "" || volume === undefined || claimOf(volume, cache)?.metadata.uid === uid) {
      return [];
    }
    const options = { namespace, fieldSelector: `metadata.name=${name}` };
    return [{ resource: PERSISTENT_VOLUME_CLAIMS, options }];
  },
  plan(volume, world) {
    if (volume.metadata.deletionTimestamp !== undefined) return planEnd(volume, world);
    if (!hasFinalizer(volume, VOLUME_PROTECTION)) {
      return { writes: [{ verb: "update", object: withFinalizer(volume, VOLUME_PROTECTION) }] };
    }
    if (!isReleased(volume, world)) {
      return { writes: toPhase(volume, volume.spec.claimRef?.uid ? "Bound" : "Available", world) };
    }
    return planReclaim(volume, world);
  },
  reports(write) {
    if (write.verb !== "updateStatus") return undefined;
    const { phase, message = "" } = (write.object as PersistentVolume).status ?? {};
    if (phase !== "Failed") return undefined;
    return { type: "Warning", reason: "VolumeFailedDelete", message };
  },
};

function planEnd(volume: Volume, world: World): Plan {
  const isHeld = volume.spec.claimRef?.uid !== undefined && !isReleased(volume, world);
  if (isHeld || !hasFinalizer(volume, VOLUME_PROTECTION)) return NOTHING_TO_DO;
  return { writes: [{ verb: "update", object: withoutFinalizer(volume, VOLUME_PROTECTION) }] };
}

/** Its claim is gone, or is another one of the same name. */
function isReleased(volume: Volume, { cache, read }: World): boolean {
  const { uid = "" } = volume.spec.claimRef ?? {};
  if (uid === "" || claimOf(volume, cache)?.metadata.uid === uid) return false;
  return !read(PERSISTENT_VOLUME_CLAIMS).some(({ metadata }) => metadata.uid === uid);
}

function planReclaim(volume: Volume, world: World): Plan {
  const { persistentVolumeReclaimPolicy: policy = "Retain" } = volume.spec;
  if (policy === "Retain") return { writes: toPhase(volume, "Released", world) };
  const maker = annotation(volume, PROVISIONED_BY);
  if (policy === "Delete" && maker === LOCAL_PROVISIONER) {
    const waitMs = world.since("released") + CLEARED_MS - world.now;
    if (waitMs <= 0) return { writes: [{ verb: "delete", object: volume }] };
    return { writes: toPhase(volume, "Released", world), againMs: waitMs };
  }
  // whoever made it takes it away
  if (policy === "Delete" && maker !== undefined) {
    return { writes: toPhase(volume, "Released", world) };
  }
  const kind = policy === "Delete" ? "deletable" : "recyclable";
  const why = `no ${kind} volume plugin matched volume "${volume.metadata.name}"`;
  return { writes: toPhase(volume, "Failed", world, why) };
}

function toPhase(volume: Volume, phase: Phase, { now }: World, message?: string): Write[] {
  const { status } = volume;
  if (status?.phase === phase && status.message === message) return [];
  const lastPhaseTransitionTime = `${new Date(now).toISOString().slice(0, 19)}Z`;
  const said = message === undefined ? {} : { message };
  const object = { ...volume, status: { phase, lastPhaseTransitionTime, ...said } };
  return [{ verb: "updateStatus", object }];
}

function claimOf({ spec }: Volume, cache: Cache): Readonly<PersistentVolumeClaim> | undefined {
  const { namespace = "", name = "" } = spec.claimRef ?? {};
  return cache.get(PERSISTENT_VOLUME_CLAIMS, namespace, name);
}
