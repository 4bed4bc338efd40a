/**
 * The data path's part of an agent, for one benchmark: `deno run -A dataplane_node.ts CLUSTER CGROUP URL DATA_DIR`,
 * with a TOKEN, follows a master and prints a line of JSON after each sync: what it has programmed, and when.
 */
import { connect } from "../cmd/connection.ts";
import { realClock } from "../cmd/clock.ts";
import { keptOnNode } from "../cmd/kept_on_node.ts";
import { pathsOf } from "../cmd/paths.ts";
import { ENDPOINTS, NODES, SERVICES } from "../api/types/resources.ts";
import { Informers } from "../client/informer.ts";
import { EbpfBackend } from "../dataplane/ebpf_backend.ts";
import { HostCommands } from "../dataplane/host_commands.ts";
import { namesOf } from "../dataplane/names.ts";
import { runDataplane } from "../dataplane/proxy.ts";

/** What the node says after each sync. */
export interface Programmed {
  /** Revision of the endpoints that the kernel has. */
  readonly endpoints: number;
  /** When, in ms since 1970: the last event of endpoints came, the sync began, and ended. */
  readonly heardMs: number;
  readonly syncFromMs: number;
  readonly atMs: number;
  /** Of the last sync alone: planning and writing. */
  readonly syncMs: number;
}

export const clockMs = () => performance.timeOrigin + performance.now();

async function main([cluster = "", cgroup = "", url = "", dataDir = ""]: string[]): Promise<void> {
  const log = () => {};
  const { signal } = new AbortController();
  using connection = await connect(url, pathsOf(dataDir), { token: Deno.env.get("TOKEN") ?? "" });
  const backend = await EbpfBackend.open({
    ...{ names: namesOf(cluster), commands: new HostCommands(), clock: realClock, log, cgroup },
  });
  let syncMs = 0;
  let syncFromMs = 0;
  let heardMs = 0;
  const timed = {
    name: backend.name as "ebpf",
    close: () => backend.close(),
    remove: () => backend.remove(),
    sync: async (rules: Parameters<typeof backend.sync>[0]) => {
      syncFromMs = clockMs();
      await backend.sync(rules);
      syncMs = clockMs() - syncFromMs;
    },
  };
  const cache = new Informers({
    api: connection.api,
    clock: realClock,
    random: Math.random,
    log,
    signal,
    transform: keptOnNode(),
  });
  for (const resource of [SERVICES, ENDPOINTS, NODES]) cache.watch(resource);
  void cache.synced().then(() => cache.onChange(ENDPOINTS, () => heardMs = clockMs()));
  const node = { name: "bench", addresses: [] };
  const dataplane = runDataplane({ cache, backend: timed, node, clock: realClock, log, signal });
  dataplane.onProgrammed(({ endpoints }) => {
    const told: Programmed = {
      ...{ endpoints, heardMs, syncFromMs, syncMs },
      atMs: clockMs(),
    };
    console.log(JSON.stringify(told));
  });
  await dataplane.done;
}

if (import.meta.main) await main(Deno.args);
