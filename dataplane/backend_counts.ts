import type { BackendCounters } from "./backend.ts";
import type { BpfMap } from "./libbpf.ts";
import * as maps from "./maps.ts";
import { leadsTo } from "./packed_pods.ts";
import type { ServiceRule } from "./rules.ts";

/** What the programs count for single backends. */
export class BackendCounts {
  constructor(readonly map: BpfMap) {}

  /**
   * By id of the service.
   * @param rules by that id; counts of services and backends that are in none of them are forgotten
   */
  read(rules: ReadonlyMap<number, ServiceRule>): ReadonlyMap<number, readonly BackendCounters[]> {
    const { COUNTED_BACKENDS_MAX, COUNTED_BACKEND_BYTES, BACKEND_COUNTERS_BYTES } = maps;
    const { count, keys, values } = this.map
      .read(COUNTED_BACKENDS_MAX, COUNTED_BACKEND_BYTES, BACKEND_COUNTERS_BYTES);
    const found = new Map<number, BackendCounters[]>();
    for (let i = 0; i < count; i++) {
      const { serviceId, backend: { ip, port }, ...counted } = maps
        .decodeBackendCount(keys, values, i);
      const rule = rules.get(serviceId);
      if (rule === undefined || !leadsTo(rule, ip, port)) {
        const at = i * COUNTED_BACKEND_BYTES;
        this.map.delete(1, keys.slice(at, at + COUNTED_BACKEND_BYTES));
        continue;
      }
      const known = found.get(serviceId) ?? [];
      found.set(serviceId, known);
      known.push({ ip, port, ...counted });
    }
    return found;
  }
}
