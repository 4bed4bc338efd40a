import type { NodeCondition } from "../api/types/core_v1.ts";

/** How names are answered on this node, as its object tells it. */
export interface NameService {
  /** Where; undefined where the cluster leaves names to pods, or to nobody. */
  readonly address: string | undefined;
  /** Why nothing is answered; absent where all is well. */
  readonly trouble?: string | undefined;
  /** Why the kernel does not help; absent where it does. */
  readonly fallenBack?: string | undefined;
}

/** A condition of our own: other kubelets answer no names. */
export function nameServiceCondition(
  { address, trouble, fallenBack }: NameService,
): NodeCondition {
  const type = "NamesAnswered";
  if (trouble !== undefined) {
    return { type, status: "False", reason: "NotAnswered", message: trouble };
  }
  if (address === undefined) {
    const message = "the service kube-system/kube-dns leaves names to others";
    return { type, status: "True", reason: "LeftToOthers", message };
  }
  if (fallenBack === undefined) {
    const message = `the kernel and the agent answer names at ${address}`;
    return { type, status: "True", reason: "Answered", message };
  }
  const message = `the agent alone answers names at ${address}: ${fallenBack}`;
  return { type, status: "True", reason: "FallenBack", message };
}
