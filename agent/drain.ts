import type { Clock, Log } from "../api/types/ambient.ts";
import type { Pod } from "../api/types/core_v1.ts";
import { DRAINED_CONDITION, drainMsMax } from "../api/types/drain_barrier.ts";
import { PODS, SERVICES } from "../api/types/resources.ts";
import type { WatchedCache } from "../client/cache.ts";
import { orAborted } from "../client/aborted.ts";
import { selecting } from "../client/selecting.ts";
import type { HostConnections } from "./host_connections.ts";
import { GRACE_SECONDS_DEFAULT } from "./stop_containers.ts";

/** Clients that keep connections open without end are not waited for longer. */
const CONNECTIONS_MS_MAX = 2_000;
/** The kernel tells nobody that a connection of another network has ended: for this short while it is asked. */
const CONNECTIONS_RECHECK_MS = 10;

export interface DrainOptions {
  /** Has the pods of this node, and services. */
  readonly cache: WatchedCache;
  /** Resolves once nothing on this node sends new connections to the address, or after a bound. */
  readonly unused: (podIp: string) => Promise<void>;
  readonly connections: HostConnections;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * What a pod that ends waits for before its processes are told: that no ready node leads to it any more, which the
 * pod's condition says, and then that the connections it has taken have ended.
 */
export class Drain {
  constructor(readonly options: DrainOptions) {}

  /**
   * Resolves when both have come about, when the pod is in a hurry, or after a bound.
   * @param sandboxPid 0 where no sandbox runs: then nobody can be connected
   */
  async run(pod: Readonly<Pod>, sandboxPid: number): Promise<void> {
    const podIp = pod.status?.podIP;
    const { deletionGracePeriodSeconds: graceSeconds = GRACE_SECONDS_DEFAULT } = pod.metadata;
    if (podIp === undefined || graceSeconds === 0 || pod.spec.hostNetwork) return;
    const { cache, clock, unused } = this.options;
    const services = selecting(cache.list(SERVICES, pod.metadata.namespace), pod.metadata.labels);
    if (services.length === 0) return await unused(podIp);
    const over = new AbortController();
    const cancel = clock.after(drainMsMax(graceSeconds), () => over.abort());
    const told = Promise.withResolvers<void>();
    const end = cache.onChange(PODS, (before, after) => {
      const { uid } = pod.metadata;
      if (after !== undefined && after.metadata.uid === uid && hasAnswer(after)) told.resolve();
      const isGone = before?.metadata.uid === uid && after?.metadata.uid !== uid;
      if (isGone || isInHurry(pod, after)) over.abort();
    });
    // services that keep pods which end are no reason to wait for all nodes
    if (services.every(({ spec }) => spec.publishNotReadyAddresses)) told.resolve();
    await orAborted(Promise.all([told.promise, unused(podIp)]), over.signal);
    await this.#untilIdle(sandboxPid, over.signal);
    cancel();
    end();
  }

  async #untilIdle(pid: number, signal: AbortSignal): Promise<void> {
    const { connections, clock, log } = this.options;
    if (pid === 0) return;
    const until = clock.now() + CONNECTIONS_MS_MAX;
    try {
      while (!signal.aborted && clock.now() < until && await connections.inbound(pid) > 0) {
        await clock.sleep(CONNECTIONS_RECHECK_MS, signal);
      }
    } catch (error) {
      log("Cannot read the connections of a pod that ends", { error: String(error) });
    }
  }
}

function hasAnswer({ status }: Readonly<Pod>): boolean {
  return status?.conditions?.some(({ type }) => type === DRAINED_CONDITION) ?? false;
}

/** It has been given no time any more. */
function isInHurry(
  { metadata: { uid } }: Readonly<Pod>,
  after: Readonly<Pod> | undefined,
): boolean {
  return after?.metadata.uid === uid && after?.metadata.deletionGracePeriodSeconds === 0;
}
