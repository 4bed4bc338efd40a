import type { Node, PersistentVolume, PersistentVolumeClaim } from "../../api/types/core_v1.ts";
import {
  NODES,
  PERSISTENT_VOLUME_CLAIMS,
  PERSISTENT_VOLUMES,
  PODS,
} from "../../api/types/resources.ts";
import { STORAGE_CLASSES, type StorageClass } from "../../api/types/storage_v1.ts";
import type { Cache, Write } from "../../client/cache.ts";
import { towardStatus } from "../../client/writes.ts";
import { type Controller, keyOf, NOTHING_TO_DO, onChangeOf, type Plan } from "../controller.ts";
import { usersOf, wakesClaims } from "./claim_users.ts";
import { localVolume } from "./local_volume.ts";
import { bestVolume, holdOf, misfit } from "./match_volume.ts";
import {
  annotated,
  annotation,
  BIND_COMPLETED,
  BOUND_BY_CONTROLLER,
  CLAIM_PROTECTION,
  hasFinalizer,
  IS_DEFAULT_CLASS,
  LOCAL_PROVISIONER,
  SELECTED_NODE,
  STORAGE_PROVISIONER,
  withFinalizer,
  withoutFinalizer,
} from "./storage_annotations.ts";

type Claim = Readonly<PersistentVolumeClaim>;
type Volume = Readonly<PersistentVolume>;

/** Where the folders of provisioned volumes are, on each node; undefined: none are made. */
export interface LocalVolumes {
  readonly folder: string;
}

/**
 * Gives each claim a volume, step by step: the volume gets the claim's name, then the claim the volume's, then the
 * claim is Bound. Whatever happens between two steps, the next plan finds where it was.
 */
export function claimBinder(local: LocalVolumes | undefined): Controller<PersistentVolumeClaim> {
  return {
    name: "persistentvolume-binder",
    reconciles: PERSISTENT_VOLUME_CLAIMS,
    requeueOn: [
      onChangeOf(
        PERSISTENT_VOLUMES,
        ({ before, after }, cache) => claimsFor(after ?? before, cache),
      ),
      onChangeOf(STORAGE_CLASSES, (_change, cache) => unbound(cache).map(keyOf)),
      onChangeOf(PODS, wakesClaims),
    ],
    plan(claim, { cache }) {
      if (claim.metadata.deletionTimestamp !== undefined) return planEnd(claim, cache);
      if (!hasFinalizer(claim, CLAIM_PROTECTION)) {
        return update(withFinalizer(claim, CLAIM_PROTECTION));
      }
      const { volumeName } = claim.spec;
      if (volumeName !== undefined && volumeName !== "") {
        return planNamed(claim, cache.get(PERSISTENT_VOLUMES, "", volumeName));
      }
      return planUnnamed(claim, cache, local);
    },
    reports(write, outcome) {
      if (write.verb !== "create" || outcome === undefined || outcome instanceof Error) {
        return undefined;
      }
      const { name } = outcome.metadata;
      const message = `Successfully provisioned volume ${name}`;
      return { type: "Normal", reason: "ProvisioningSucceeded", message };
    },
  };
}

const update = (object: PersistentVolumeClaim | PersistentVolume): Plan => ({
  writes: [{ verb: "update", object }],
});

/**
 * A claim that a pod still needs stays until the pod is over. One that has no node gets none with a claim that is to
 * go: waiting for it would wait for ever. Source: Kubernetes, the protection of claims.
 */
function planEnd(claim: Claim, cache: Cache): Plan {
  const isUsed = usersOf(claim, cache).some(({ spec }) => spec.nodeName);
  if (!hasFinalizer(claim, CLAIM_PROTECTION) || isUsed) return NOTHING_TO_DO;
  return update(withoutFinalizer(claim, CLAIM_PROTECTION));
}

/** The claim says which volume it wants, or has. */
function planNamed(claim: Claim, volume: Volume | undefined): Plan {
  const hold = volume === undefined ? "other" : holdOf(volume, claim);
  if (volume === undefined || hold === "other") {
    const phase = annotation(claim, BIND_COMPLETED) === undefined ? "Pending" : "Lost";
    return { writes: towardStatus<PersistentVolumeClaim>(claim, { ...claim.status, phase }) };
  }
  if (hold === "own") return planBound(claim, volume);
  if (misfit(volume, claim) !== undefined) return pending(claim);
  return update(boundTo(volume, claim));
}

function planBound(claim: Claim, { spec }: Volume): Plan {
  if (annotation(claim, BIND_COMPLETED) === undefined) {
    return update(annotated(claim, { [BIND_COMPLETED]: "yes" }));
  }
  const { accessModes, capacity } = spec;
  const status = {
    ...claim.status,
    phase: "Bound",
    ...(accessModes === undefined ? {} : { accessModes }),
    ...(capacity === undefined ? {} : { capacity }),
  };
  return { writes: towardStatus<PersistentVolumeClaim>(claim, status) };
}

function planUnnamed(claim: Claim, cache: Cache, local: LocalVolumes | undefined): Plan {
  const storageClass = classOf(claim, cache);
  if (claim.spec.storageClassName === undefined && storageClass !== undefined) {
    const { name: storageClassName } = storageClass.metadata;
    return update({ ...claim, spec: { ...claim.spec, storageClassName } });
  }
  const volumes = cache.list(PERSISTENT_VOLUMES);
  const own = volumes.find((volume) => holdOf(volume, claim) === "own");
  if (own !== undefined) {
    const done = annotated(claim, { [BIND_COMPLETED]: "yes", [BOUND_BY_CONTROLLER]: "yes" });
    return update({ ...done, spec: { ...claim.spec, volumeName: own.metadata.name } });
  }
  const node = nodeFor(claim, cache);
  const isWaiting = storageClass?.volumeBindingMode === "WaitForFirstConsumer" &&
    node === undefined;
  const best = bestVolume(claim, volumes, { node, onlyNamed: isWaiting });
  if (best !== undefined) return update(boundTo(best, claim));
  if (isWaiting || storageClass === undefined) return pending(claim);
  return planProvision(claim, storageClass, { node, local });
}

/** Of other provisioners it is asked by the annotation alone. */
function planProvision(
  claim: Claim,
  storageClass: Readonly<StorageClass>,
  { node, local }: { node: Readonly<Node> | undefined; local: LocalVolumes | undefined },
): Plan {
  const { provisioner } = storageClass;
  const isLocal = provisioner === LOCAL_PROVISIONER;
  if (!isLocal || local === undefined || node === undefined || claim.spec.volumeMode === "Block") {
    const isAsked = isLocal || annotation(claim, STORAGE_PROVISIONER) === provisioner;
    return isAsked
      ? pending(claim)
      : update(annotated(claim, { [STORAGE_PROVISIONER]: provisioner }));
  }
  const nodeName = node.metadata.name;
  if (annotation(claim, SELECTED_NODE) === undefined) {
    return update(
      annotated(claim, { [STORAGE_PROVISIONER]: provisioner, [SELECTED_NODE]: nodeName }),
    );
  }
  const object = localVolume(claim, storageClass, { nodeName, folder: local.folder });
  return { writes: [{ verb: "create", object }] };
}

function pending(claim: Claim): Plan {
  if (claim.status?.phase !== undefined) return NOTHING_TO_DO;
  const writes: Write[] = towardStatus<PersistentVolumeClaim>(claim, { phase: "Pending" });
  return { writes };
}

function boundTo(volume: Volume, { metadata }: Claim): PersistentVolume {
  const { namespace, name, uid, resourceVersion } = metadata;
  const marked = volume.spec.claimRef === undefined
    ? annotated(volume, { [BOUND_BY_CONTROLLER]: "yes" })
    : volume;
  const claimRef = {
    ...{ apiVersion: "v1", kind: "PersistentVolumeClaim", name },
    ...(namespace === undefined ? {} : { namespace }),
    ...(uid === undefined ? {} : { uid }),
    ...(resourceVersion === undefined ? {} : { resourceVersion }),
  };
  return { ...marked, spec: { ...volume.spec, claimRef } };
}

/** Its own, or the newest of those that are everybody's where it names none. "" is none at all. */
function classOf({ spec }: Claim, cache: Cache): Readonly<StorageClass> | undefined {
  if (spec.storageClassName === "") return undefined;
  if (spec.storageClassName !== undefined) {
    return cache.get(STORAGE_CLASSES, "", spec.storageClassName);
  }
  const born = ({ metadata }: Readonly<StorageClass>) => metadata.creationTimestamp ?? "";
  return cache.list(STORAGE_CLASSES)
    .filter((one) => annotation(one, IS_DEFAULT_CLASS) === "true")
    .sort((a, b) => born(b).localeCompare(born(a)))[0];
}

/** Where the claim's pod is to run: a scheduler may say so, and a pod that has its node does. */
function nodeFor(claim: Claim, cache: Cache): Readonly<Node> | undefined {
  const selected = annotation(claim, SELECTED_NODE) ??
    usersOf(claim, cache).find(({ spec }) => spec.nodeName !== undefined)?.spec.nodeName;
  return selected === undefined ? undefined : cache.get(NODES, "", selected);
}

function claimsFor(volume: Volume | undefined, cache: Cache) {
  const { claimRef } = volume?.spec ?? {};
  if (claimRef?.name === undefined) return unbound(cache).map(keyOf);
  return [{ namespace: claimRef.namespace ?? "", name: claimRef.name }];
}

function unbound(cache: Cache): readonly Claim[] {
  return cache.list(PERSISTENT_VOLUME_CLAIMS).filter(({ status }) => status?.phase !== "Bound");
}
