import type { ClusterNames } from "./names.ts";

/**
 * Keeps other agents of the cluster off this kernel, until it is released or the process ends: two would undo each
 * other's rules. The socket has a name and no file, and is the network namespace's, as links and rules are.
 * @throws {Error} when another one holds it
 */
export function lockDataPath({ cluster }: ClusterNames): { release(): void } {
  try {
    const listener = Deno.listen({ transport: "unix", path: `\0${cluster}-data-path` });
    return { release: () => listener.close() };
  } catch (error) {
    if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    throw new Error(
      `Cannot program services: another agent of cluster ${cluster} runs on this host; ` +
        "stop it, or give this one another --cluster-name",
    );
  }
}
