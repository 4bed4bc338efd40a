import type { Clock, Log } from "../api/types/ambient.ts";
import type { Node, Taint } from "../api/types/core_v1.ts";
import { NODES } from "../api/types/resources.ts";
import { hasReason } from "../api/types/status.ts";
import type { Api } from "../client/api.ts";

const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 10_000;
/** A node that knows its addresses from before does not wait longer for an API that is silent. */
const KNOWN_PATIENCE_MS = 3_000;

export interface Registration {
  readonly api: Api;
  readonly nodeName: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Of a node that is new. */
  readonly taints: readonly Taint[];
  readonly memory: CidrMemory;
}

/** What outlives the process: the addresses that the API gave to the pods of the node of this name. */
export interface CidrMemory {
  /** @returns undefined for a node that has none yet */
  recall(nodeName: string): Promise<string | undefined>;
  keep(nodeName: string, podCidr: string): Promise<void>;
}

/**
 * The addresses that the API gave to this node's pods. Wiring needs them before the agent's work begins, so a
 * node that is not there yet is created bare: the agent fills it in. Where the API does not answer, those of the
 * last start are taken, so that a node that boots alone runs the pods of its files.
 * @returns undefined when `signal` aborts first
 */
export async function podCidrOf(registration: Registration): Promise<string | undefined> {
  const { nodeName, memory, clock, log, signal } = registration;
  const asked = askForEver(registration);
  const known = await memory.recall(nodeName);
  if (known === undefined) return await asked;
  const patience = new AbortController();
  const waited = clock.sleep(KNOWN_PATIENCE_MS, AbortSignal.any([signal, patience.signal]));
  const told = await Promise.race([asked, waited.then(() => known)]);
  patience.abort();
  void asked.then((podCidr) => {
    if (podCidr === undefined || podCidr === told) return;
    log("The API gives other addresses to this node's pods: start the agent again", { podCidr });
  });
  return signal.aborted ? undefined : told;
}

async function askForEver(registration: Registration): Promise<string | undefined> {
  const { nodeName, memory, clock, log, signal } = registration;
  let retryMs = RETRY_FIRST_MS;
  while (!signal.aborted) {
    try {
      const { spec: { podCIDR } } = await getOrCreate(registration);
      if (podCIDR === undefined) throw new Error("the node has no spec.podCIDR");
      await memory.keep(nodeName, podCIDR);
      return podCIDR;
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
