import type { Container, Pod } from "../api/types/core_v1.ts";
import { containersOf } from "./container_roles.ts";
import { GARBAGE_DEFAULTS } from "./garbage.ts";
import type { RuntimeContainer } from "./runtime.ts";

/**
 * Ids of the dead that nobody asks for any more.
 * @param previousKept dead ones for `kubectl logs --previous`, besides the newest of each name
 */
export function outdated(
  pod: Pod,
  containers: readonly RuntimeContainer[],
  previousKept = GARBAGE_DEFAULTS.perContainerMax,
): string[] {
  return containersOf(pod).flatMap(({ container: { name } }) =>
    newestFirst(containers.filter((one) => one.name === name))
      .slice(1 + previousKept).filter(({ state }) => state !== "running").map(({ id }) => id)
  );
}

export function newestFirst(containers: readonly RuntimeContainer[]): RuntimeContainer[] {
  return [...containers].sort((a, b) => b.attempt - a.attempt || b.createdAt - a.createdAt);
}

/** The newest container of this name, running or dead. */
export function latestOf(
  containers: readonly RuntimeContainer[],
  name: string,
): RuntimeContainer | undefined {
  return newestFirst(containers.filter((one) => one.name === name))[0];
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * Changes when the container must be replaced. Only what an update of the pod may change counts, so that a
 * new default in the API replaces nothing. FNV-1a, 32 bits.
 */
export function specHashOf({ name, image = "" }: Container): string {
  let hash = FNV_OFFSET;
  for (const char of `${name}@${image}`) {
    hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), FNV_PRIME) >>> 0;
  }
  return hash.toString(16);
}
