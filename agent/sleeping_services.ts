import { USED_ANNOTATION, WANTED_ANNOTATION } from "../api/types/sleeping_services.ts";

/** Services on a lease at the most: it is sent every few seconds. */
const SERVICES_MAX = 256;

/** What the node's data path knows of services that may sleep. */
export interface SleepingServices {
  /** `namespace/name` of those without pods that somebody on the node asks for. */
  wanted(): readonly string[];
  /** Connections so far, by `namespace/name`, of every one that may sleep. */
  used(): ReadonlyMap<string, number>;
  /** Calls `listener` when a service is wanted that was not. */
  onWanted(listener: () => void): void;
}

/** Empty while no service may sleep, which costs nothing. */
export function sleepingAnnotations(services: SleepingServices): Record<string, string> {
  const used = [...services.used()].sort(([a], [b]) => a < b ? -1 : 1).slice(0, SERVICES_MAX);
  if (used.length === 0) return {};
  return {
    [WANTED_ANNOTATION]: services.wanted().slice(0, SERVICES_MAX).join(","),
    [USED_ANNOTATION]: JSON.stringify(Object.fromEntries(used)),
  };
}
