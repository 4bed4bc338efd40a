import type { Clock, Log } from "../api/types/ambient.ts";
import type { Node, Taint } from "../api/types/core_v1.ts";
import { NODES } from "../api/types/resources.ts";
import { hasReason } from "../api/types/status.ts";
import type { Api } from "../client/api.ts";

const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 10_000;

export interface Registration {
  readonly api: Api;
  readonly nodeName: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Of a node that is new. */
  readonly taints: readonly Taint[];
}

/**
 * The addresses that the API gave to this node's pods. Wiring needs them before the agent's work begins, so a
 * node that is not there yet is created bare: the agent fills it in.
 * @returns undefined when `signal` aborts first
 */
export async function podCidrOf(registration: Registration): Promise<string | undefined> {
  const { clock, log, signal } = registration;
  let retryMs = RETRY_FIRST_MS;
  while (!signal.aborted) {
    try {
      const { spec } = await getOrCreate(registration);
      if (spec.podCIDR !== undefined) return spec.podCIDR;
      throw new Error("the node has no spec.podCIDR");
    } catch (error) {
      log("Cannot register the node", { error, retryMs });
    }
    await clock.sleep(retryMs, signal);
    retryMs = Math.min(2 * retryMs, RETRY_MAX_MS);
  }
  return undefined;
}

async function getOrCreate({ api, nodeName, taints }: Registration): Promise<Node> {
  try {
    return await api.get(NODES, "", nodeName);
  } catch (error) {
    if (!hasReason(error, "NotFound")) throw error;
    const { apiVersion } = NODES;
    return await api.create(NODES, {
      apiVersion: apiVersion as "v1",
      kind: "Node",
      metadata: { name: nodeName },
      spec: taints.length === 0 ? {} : { taints: [...taints] },
    });
  }
}
