import type { Node, PersistentVolume, PersistentVolumeClaim } from "../../api/types/core_v1.ts";
import { selectorOf } from "../../api/types/labels.ts";
import { meetsTerm } from "../../api/types/node_affinity.ts";
import { compareQuantities } from "../../api/types/quantity.ts";

type Volume = Readonly<PersistentVolume>;
type Claim = Readonly<PersistentVolumeClaim>;

/** Whose the volume is: "named" has the claim's name in it, but another has not had it yet. */
export type Hold = "free" | "named" | "own" | "other";

export function holdOf({ spec: { claimRef } }: Volume, { metadata }: Claim): Hold {
  if (claimRef === undefined) return "free";
  const { namespace, name, uid = "" } = claimRef;
  if (namespace !== metadata.namespace || name !== metadata.name) return "other";
  if (uid === "") return "named";
  return uid === metadata.uid ? "own" : "other";
}

/** What keeps the volume from being the claim's, where the claim names it itself: its size and how it is used. */
export function misfit({ spec }: Volume, claim: Claim): string | undefined {
  const wanted = claim.spec.resources?.requests?.["storage"] ?? "0";
  if (compareQuantities(spec.capacity?.["storage"] ?? "0", wanted) < 0) {
    return "requested PV is too small";
  }
  if ((spec.volumeMode ?? "Filesystem") !== (claim.spec.volumeMode ?? "Filesystem")) {
    return "incompatible volumeMode";
  }
  if ((spec.storageClassName ?? "") !== (claim.spec.storageClassName ?? "")) {
    return "storageClassName does not match";
  }
  const modes = claim.spec.accessModes ?? [];
  if (!modes.every((mode) => spec.accessModes?.includes(mode))) return "incompatible accessMode";
  return undefined;
}

/**
 * The volume for a claim that names none: the one that names the claim, else the smallest that fits.
 * @param node where its pod is to run, if that is known
 * @param onlyNamed for a claim that waits for its pod
 */
export function bestVolume(
  claim: Claim,
  volumes: readonly Volume[],
  { node, onlyNamed }: { node: Readonly<Node> | undefined; onlyNamed: boolean },
): Volume | undefined {
  const { selector } = claim.spec;
  const labels = selector === undefined ? undefined : selectorOf(selector);
  const fitting = volumes.filter((volume) =>
    volume.metadata.deletionTimestamp === undefined && misfit(volume, claim) === undefined
  );
  const named = fitting.find((volume) => holdOf(volume, claim) === "named");
  if (named !== undefined || onlyNamed) return named;
  const free = fitting.filter((volume) =>
    holdOf(volume, claim) === "free" && volume.status?.phase === "Available" &&
    (labels === undefined || labels.matches(volume.metadata.labels ?? {})) &&
    (node === undefined || isReachable(volume, node))
  );
  const size = ({ spec }: Volume) => spec.capacity?.["storage"] ?? "0";
  return free.sort((a, b) => compareQuantities(size(a), size(b)))[0];
}

function isReachable({ spec }: Volume, { metadata }: Readonly<Node>): boolean {
  const terms = spec.nodeAffinity?.required?.nodeSelectorTerms;
  const node = { name: metadata.name, labels: metadata.labels ?? {} };
  return terms === undefined || terms.some((term) => meetsTerm(term, node));
}
