import type { Pod, Volume } from "../../api/types/core_v1.ts";
import { PERSISTENT_VOLUME_CLAIMS, PERSISTENT_VOLUMES } from "../../api/types/resources.ts";
import { StatusError } from "../../api/types/status.ts";
import type { Api } from "../../client/api.ts";
import { type BoundClaim, unmounted, whyUnbound } from "./claim_plan.ts";
import { VolumeRefusal } from "./volume_plan.ts";
import { claimNameOf } from "./volume_references.ts";

/**
 * What the volume claims. @returns undefined for a volume that is no claim
 * @throws {VolumeRefusal} in kubelet's words while the claim is not there or not bound
 */
export async function readClaim(
  api: Api,
  volume: Volume,
  pod: Pod,
): Promise<BoundClaim | undefined> {
  const { namespace = "" } = pod.metadata;
  const name = claimNameOf(volume, pod);
  if (name === undefined) return undefined;
  const refuse = (why: string) =>
    new VolumeRefusal(
      unmounted(volume.name, `error processing PVC ${namespace}/${name}: ${why}`),
    );
  const claim = await api.get(PERSISTENT_VOLUME_CLAIMS, namespace, name).catch((error) => {
    throw refuse(`failed to fetch PVC from API server: ${textOf(error)}`);
  });
  const why = whyUnbound(volume, { claim, pod });
  if (why !== undefined) throw refuse(why);
  const { volumeName = "" } = claim.spec;
  const found = await api.get(PERSISTENT_VOLUMES, "", volumeName).catch((error) => {
    throw refuse(`failed to fetch PV ${volumeName} from API server: ${textOf(error)}`);
  });
  if (found.spec.claimRef?.uid !== claim.metadata.uid) {
    throw refuse(`PV ${volumeName} is bound to another claim`);
  }
  return { claim, volume: found };
}

function textOf(error: unknown): string {
  if (!(error instanceof StatusError)) throw error;
  return error.message;
}
