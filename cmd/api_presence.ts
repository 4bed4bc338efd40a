import type { Clock, Log } from "../api/types/ambient.ts";
import { type Lease, LEASES } from "../api/types/coordination_v1.ts";
import type { Endpoints } from "../api/types/core_v1.ts";
import { ENDPOINTS } from "../api/types/resources.ts";
import { hasReason } from "../api/types/status.ts";
import type { Api } from "../client/api.ts";
import {
  ADDRESS_ANNOTATION,
  API_SERVER_LEASES,
  LEASE_SECONDS,
  liveAddresses,
  type SeenLease,
  withServers,
} from "../controllers/api_endpoints.ts";

const NAMESPACE = "kube-system";
const RENEW_MS = 10_000;
/** What a server that died left behind goes after this time. */
const FORGET_MS = 10 * 60_000;

const NO_ENDPOINTS: Endpoints = {
  apiVersion: "v1",
  kind: "Endpoints",
  metadata: { name: "kubernetes", namespace: "default" },
};

export interface PresenceOptions {
  readonly api: Api;
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** By which pods reach this server. */
  readonly address: string;
  readonly port: number;
  /** Nobody else's, not even this server's after a restart. */
  readonly identity: string;
}

/**
 * Says by a lease that this API server lives, and keeps the endpoints of the service `kubernetes` at those that do,
 * until the signal aborts. Every server does, so that it needs no leader. Source: kube-apiserver's lease reconciler.
 */
export async function keepPresence(options: PresenceOptions): Promise<void> {
  const { api, clock, log, signal, identity } = options;
  const seen = new Map<string, SeenLease>();
  while (!signal.aborted) {
    try {
      await renew(options);
      await look(options, seen);
      await publish(options, seen);
    } catch (error) {
      if (!hasReason(error, "Conflict")) log("Cannot tell that this server lives", { error });
    }
    await clock.sleep(RENEW_MS, signal);
  }
  await api.delete(LEASES, NAMESPACE, identity).catch((error) => {
    log("Cannot take this server's lease away", { error });
  });
}

async function renew({ api, clock, address, identity }: PresenceOptions): Promise<void> {
  const renewTime = new Date(clock.now()).toISOString().replace("Z", "000Z");
  const spec = { holderIdentity: identity, leaseDurationSeconds: LEASE_SECONDS, renewTime };
  try {
    await api.patch(LEASES, { namespace: NAMESPACE, name: identity }, "merge", { spec });
  } catch (error) {
    if (!hasReason(error, "NotFound")) throw error;
    const [label = "", value = ""] = API_SERVER_LEASES.split("=");
    const annotations = { [ADDRESS_ANNOTATION]: address };
    const lease: Lease = {
      apiVersion: "coordination.k8s.io/v1",
      kind: "Lease",
      metadata: { name: identity, namespace: NAMESPACE, labels: { [label]: value }, annotations },
      spec,
    };
    await api.create(LEASES, lease);
  }
}

async function look(
  { api, clock }: PresenceOptions,
  seen: Map<string, SeenLease>,
): Promise<void> {
  const { items } = await api.list(LEASES, {
    namespace: NAMESPACE,
    labelSelector: API_SERVER_LEASES,
  });
  const names = new Set(items.map(({ metadata }) => metadata.name));
  for (const name of seen.keys()) if (!names.has(name)) seen.delete(name);
  for (const lease of items) {
    const { name, resourceVersion } = lease.metadata;
    const before = seen.get(name);
    if (before?.lease.metadata.resourceVersion !== resourceVersion) {
      seen.set(name, { lease, changedAt: clock.now() });
    } else if (clock.now() - before!.changedAt > FORGET_MS) {
      await api.delete(LEASES, NAMESPACE, name);
    }
  }
}

async function publish(
  { api, clock, port }: PresenceOptions,
  seen: ReadonlyMap<string, SeenLease>,
): Promise<void> {
  const addresses = liveAddresses(seen.values(), clock.now());
  const there = await api.get(ENDPOINTS, "default", "kubernetes").catch((error) => {
    if (hasReason(error, "NotFound")) return undefined;
    throw error;
  });
  const wanted = withServers(there ?? NO_ENDPOINTS, addresses, port);
  if (wanted === undefined) return;
  if (there === undefined) await api.create(ENDPOINTS, wanted);
  else await api.update(ENDPOINTS, wanted);
}
