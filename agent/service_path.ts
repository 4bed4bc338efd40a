import type { NodeCondition } from "../api/types/core_v1.ts";

/** How services are programmed on this node, as its object tells it. */
export interface ServicePath {
  /** Such as ebpf. */
  readonly backend: string;
  /** Why it is not the first choice; absent where it is, or was asked for. */
  readonly fallenBack?: string | undefined;
  /** Why the kernel has not what the API says; absent where it has. */
  readonly trouble?: string | undefined;
}

/** A condition of our own: other kubelets have no data path. */
export function servicePathCondition(
  { backend, fallenBack, trouble }: ServicePath,
): NodeCondition {
  const type = "ServicesProgrammed";
  if (trouble !== undefined) {
    const message = `services stay as they were: ${trouble}`;
    return { type, status: "False", reason: "ProgrammingFailed", message };
  }
  if (fallenBack === undefined) {
    const message = `services go through ${backend}`;
    return { type, status: "True", reason: "Programmed", message };
  }
  const message = `services go through ${backend}: ${fallenBack}`;
  return { type, status: "True", reason: "FallenBack", message };
}
