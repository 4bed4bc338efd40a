import type { Api, ListOptions } from "../client/api.ts";
import type { KubeObject } from "../api/types/meta.ts";
import type { Resource } from "../api/types/resources.ts";
import { hasReason } from "../api/types/status.ts";

export interface Wait {
  readonly timeoutMs: number;
  /** The end of the sentence that begins with "After … s". */
  readonly otherwise: () => string;
}

/**
 * Follows a resource by watch until `isDone` says of all its objects that it is over.
 * @throws {Error} after the time-out
 */
export async function waitFor<T extends KubeObject>(
  api: Api,
  resource: Resource<T>,
  options: ListOptions,
  isDone: (objects: readonly T[]) => boolean,
  wait: Wait,
): Promise<void> {
  const signal = AbortSignal.timeout(wait.timeoutMs);
  while (!signal.aborted) {
    if (await follow(api, resource, options, isDone, signal)) return;
  }
  throw new Error(`After ${Math.round(wait.timeoutMs / 1000)} s ${wait.otherwise()}`);
}

/** @returns false when the watch ended before it was over: list again */
async function follow<T extends KubeObject>(
  api: Api,
  resource: Resource<T>,
  options: ListOptions,
  isDone: (objects: readonly T[]) => boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const list = await api.list(resource, options);
  const objects = new Map(list.items.map((object) => [keyOf(object), object]));
  if (isDone([...objects.values()])) return true;
  const ended = new AbortController();
  const events = api.watch(
    resource,
    { ...options, resourceVersion: list.resourceVersion },
    AbortSignal.any([signal, ended.signal]),
  );
  try {
    for await (const { type, object } of events) {
      if (type === "BOOKMARK") continue;
      if (type === "DELETED") objects.delete(keyOf(object));
      else objects.set(keyOf(object), object);
      if (isDone([...objects.values()])) return true;
    }
  } catch (error) {
    if (!hasReason(error, "Expired")) throw error;
  } finally {
    ended.abort();
  }
  return false;
}

function keyOf({ metadata }: KubeObject): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}
