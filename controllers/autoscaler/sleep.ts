/** Whether the pods of a workload may go, because nobody connects to its services; or must come back. Pure. */
import { type Lease, LEASES } from "../../api/types/coordination_v1.ts";
import type { Service } from "../../api/types/core_v1.ts";
import { NODE_LEASE_NAMESPACE } from "../../api/types/drain_barrier.ts";
import { SERVICES } from "../../api/types/resources.ts";
import {
  sleepsAfterMs,
  USED_ANNOTATION,
  WANTED_ANNOTATION,
} from "../../api/types/sleeping_services.ts";
import { selecting } from "../../client/selecting.ts";
import type { World } from "../controller.ts";

/** Pods that use more than this share of what they should are not idle, whatever connects to them. */
export const IDLE_SHARE_MAX = 0.1;

export interface Sleep {
  /** Somebody asks for a service that has no pods. */
  readonly isWanted: boolean;
  /** Nobody has connected for as long as the services say. */
  readonly isUnused: boolean;
}

/** @param labels of the workload's pods. @returns undefined where no service lets them sleep */
export function sleepOf(
  namespace: string,
  labels: Readonly<Record<string, string>> | undefined,
  { cache, now, since }: Pick<World, "cache" | "now" | "since">,
): Sleep | undefined {
  const services = selecting(cache.list(SERVICES, namespace), labels);
  const spans = services.map(sleepsAfterMs);
  // one that does not speak of sleep wants its pods always
  if (spans.length === 0 || spans.includes(undefined)) return undefined;
  const keys = services.map(keyOf);
  const leases = cache.list(LEASES, NODE_LEASE_NAMESPACE);
  const connections = leases.map((lease) => keys.map((key) => usedOf(lease)[key] ?? 0).join());
  const quietSince = since(`connections ${connections.join(" ")}`);
  return {
    isWanted: leases.some((lease) => wantedBy(lease).some((key) => keys.includes(key))),
    isUnused: now - quietSince >= Math.max(...spans.map((span) => span ?? 0)),
  };
}

/** Services without pods that are asked for on the lease's node. */
function wantedBy(lease: Readonly<Lease> | undefined): string[] {
  return lease?.metadata.annotations?.[WANTED_ANNOTATION]?.split(",").filter(Boolean) ?? [];
}

/** Names of namespaces with services that a node asks for and did not before. */
export function newlyWanted(before?: Readonly<Lease>, after?: Readonly<Lease>): string[] {
  const known = before?.metadata.annotations?.[WANTED_ANNOTATION];
  if (after?.metadata.annotations?.[WANTED_ANNOTATION] === known) return [];
  return [...new Set(wantedBy(after).map((key) => key.slice(0, key.indexOf("/"))))];
}

/** What a node says wrongly counts as nothing. */
function usedOf({ metadata }: Readonly<Lease>): Readonly<Record<string, unknown>> {
  try {
    const used: unknown = JSON.parse(metadata.annotations?.[USED_ANNOTATION] ?? "{}");
    return typeof used === "object" && used !== null ? used as Record<string, unknown> : {};
  } catch {
    return {};
  }
}

function keyOf({ metadata }: Readonly<Service>): string {
  return `${metadata.namespace ?? ""}/${metadata.name}`;
}
