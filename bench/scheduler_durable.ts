import type { Pod } from "../api/types/core_v1.ts";
import { NODES, PODS } from "../api/types/resources.ts";
import { DEFAULT_NETWORK, kindsOf } from "../api/registry/kinds.ts";
import { Informers } from "../client/informer.ts";
import { LocalApi } from "../cmd/local_api.ts";
import { runScheduler } from "../scheduler/loop.ts";
import { openKvLedger } from "../store/kv_ledger.ts";
import { ADMIN_TOKEN, CLOCK, startApi } from "../tests/integration/harness.ts";
import { atOnce, count } from "./api.ts";
import type { Row } from "./run.ts";
import { WORKLOADS } from "./scheduler_workloads.ts";

const NODE_COUNT = 5_000;
const POD_COUNT = 5_000;

/** SchedulingBasic through the API and a store on disk, all in this process: from the first binding to the last. */
export async function durableBindings(): Promise<Row[]> {
  const folder = await Deno.makeTempDir({ prefix: "wherry-bench-" });
  const server = await startApi({
    ledger: await openKvLedger(`${folder}/store`),
    kinds: kindsOf({ ...DEFAULT_NETWORK, clusterCidr: "10.128.0.0/9" }),
  });
  const controller = new AbortController();
  const { signal } = controller;
  const api = new LocalApi(server.api, ADMIN_TOKEN, "bench");
  const shared = { api, clock: CLOCK, random: Math.random, log: () => {}, signal };
  const cache = new Informers(shared);
  const basic = WORKLOADS[0]!;
  const nodes = Array.from({ length: NODE_COUNT }, (_, i) => basic.node(i));
  await atOnce(nodes, async (node) => void await api.create(NODES, node));
  const pods = basic.measured(NODE_COUNT).slice(0, POD_COUNT);
  await atOnce(pods, async ({ metadata: { name, namespace = "" }, spec }) => {
    const fresh = { apiVersion: "v1", kind: "Pod", metadata: { name, namespace }, spec };
    await api.create(PODS, fresh as Pod);
  });
  cache.watch(PODS);
  const { promise, resolve } = Promise.withResolvers<void>();
  let bound = 0;
  cache.onChange(PODS, (before, after) => {
    if (after?.spec.nodeName && !before?.spec.nodeName && ++bound === POD_COUNT) resolve();
  });
  await cache.synced();
  const from = performance.now();
  const running = runScheduler({ ...shared, cache });
  await promise;
  const perSecond = POD_COUNT / (performance.now() - from) * 1_000;
  controller.abort();
  await running;
  await server[Symbol.asyncDispose]();
  await Deno.remove(folder, { recursive: true });
  const what = `SchedulingBasic, ${count(NODE_COUNT)} nodes: durable bindings/s, events included`;
  return [{ what, figure: count(perSecond), goal: "≥ 2,000" }];
}
