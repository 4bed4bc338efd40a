import type { Pod } from "../../api/types/core_v1.ts";
import type { GroupOwnership } from "../host_files.ts";

/** Of a volume that the pod may write to. */
export function ownershipOf(
  { spec: { securityContext = {} } }: Pod,
  policy = securityContext.fsGroupChangePolicy,
): GroupOwnership | undefined {
  const { fsGroup: group } = securityContext;
  if (group === undefined) return undefined;
  return { group, isWritable: true, isRootEnough: policy === "OnRootMismatch" };
}
