import { SERVICES } from "../api/types/resources.ts";
import type { Api } from "../client/api.ts";
import { Informers } from "../client/informer.ts";
import { realClock } from "./clock.ts";
import { connect } from "./connection.ts";
import { ADMIN_USER, tokenOf } from "./credentials.ts";
import { type Settings, UsageError } from "./flags.ts";
import { HollowHost, runHollowNode } from "./hollow_node.ts";
import { ensureIdentity, serverOf } from "./identity.ts";
import { beginLifetime } from "./lifetime.ts";
import { stderrLog } from "./log.ts";
import { pathsOf } from "./paths.ts";
import { KUBERNETES_VERSION } from "./version.ts";

/** Addresses of nodes are of 198.18.0.0/15, which is for measurements. Source: RFC 2544. */
const NODES_MAX = 2 * 256 * 250;
/** Nodes begin over one renewal of their leases, so that heartbeats are spread. */
const SPREAD_MS = 3_000;
/** No more begin in a second: each lists and watches before it says that it is ready. */
const BEGIN_PER_SECOND = 200;

/** A connection of HTTP/2 carries a bounded number of streams, and each node watches with two. */
const NODES_PER_CONNECTION = 20;
/** Renewals take a moment each. */
const HEARTBEATS_PER_CONNECTION = 250;

/** Stands for many nodes in one process, until a signal: agents over an engine, a network and a disk in memory. */
export async function hollow(settings: Settings): Promise<void> {
  const { hollowNodes: count, firstHollowNode: first } = settings;
  if (count < 1 || first + count > NODES_MAX) {
    const most = NODES_MAX - first;
    throw new UsageError(`--nodes=${count} must be from 1 to ${most} with --first-node=${first}`);
  }
  const paths = pathsOf(settings.dataDir);
  const { tokens } = await ensureIdentity(settings, paths);
  const lifetime = await beginLifetime("hollow", `${paths.dataDir}/run/hollow-${first}.pid`);
  const token = tokenOf(tokens, ADMIN_USER);
  const server = settings.join.server || serverOf(settings);
  using connections = new DisposableStack();
  const connected = async (nodesEach: number) => {
    const apis: Api[] = [];
    for (let i = 0; i < count; i += nodesEach) {
      const connection = await connect(server, paths, { token, userAgent: "kubelet" });
      apis.push(connections.use(connection).api);
      // what is asked before it is known to be HTTP/2 makes a connection of its own each time
      await (await connection.fetch("/version")).body?.cancel();
    }
    return (index: number) => apis[Math.floor(index / nodesEach)]!;
  };
  const apiOf = await connected(NODES_PER_CONNECTION);
  const heartbeatsOf = await connected(HEARTBEATS_PER_CONNECTION);
  const { signal } = lifetime;
  const log = stderrLog("hollow");
  const shared = new Informers({
    api: apiOf(0),
    clock: realClock,
    random: Math.random,
    log,
    signal,
  });
  shared.watch(SERVICES);
  const spreadMs = Math.max(SPREAD_MS, count / BEGIN_PER_SECOND * 1000);
  const endings = endingsOf(count, signal);
  log("begins", { nodes: count, server });
  await Promise.all(Array.from({ length: count }, async (_, index) => {
    await realClock.sleep(index / count * spreadMs, endings[index]!.signal);
    if (signal.aborted) return;
    await runHollowNode({
      ...{ host: hostOf(first + index), clock: realClock, random: Math.random, shared },
      ...{ api: apiOf(index), heartbeats: heartbeatsOf(index), signal: endings[index]!.signal },
      ...{ log, version: KUBERNETES_VERSION, hasDataplane: false },
    });
  }));
  await lifetime.end(0);
}

/** One signal for each node: whoever listens to one that all share is compared with everybody else who does. */
function endingsOf(count: number, signal: AbortSignal): AbortController[] {
  const endings = Array.from({ length: count }, () => new AbortController());
  signal.addEventListener("abort", () => endings.forEach((ending) => ending.abort()));
  return endings;
}

/** The pods of all nodes share their addresses where there are more than 65,536 nodes' worth: nobody connects. */
function hostOf(index: number): HollowHost {
  const address = `198.${18 + Math.floor(index / 64_000) % 2}.${byteOf(index / 250)}.${
    index % 250 + 1
  }`;
  const pods = `10.${byteOf(index / 256)}.${byteOf(index)}`;
  const host = new HollowHost(`hollow-${index}`, address, pods, realClock);
  host.runtime.remembersCalls = false;
  return host;
}

function byteOf(number: number): number {
  return Math.floor(number) % 256;
}
