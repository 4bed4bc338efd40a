/** Memory of a whole agent, as users run it, that knows 10,000 services with 10 pods each. */
import { type Lease, LEASES } from "../api/types/coordination_v1.ts";
import { NODE_LEASE_NAMESPACE, PROGRAMMED_ANNOTATION } from "../api/types/drain_barrier.ts";
import { ENDPOINTS } from "../api/types/resources.ts";
import type { Api } from "../client/api.ts";
import { type Cluster } from "../tests/e2e/cluster.ts";
import { usageOf } from "../tests/fixtures/usage.ts";
import { COUNT, nameOf, PODS, withAnother } from "./dataplane_objects.ts";
import type { Row } from "./run.ts";

const CHANGES = 300;
const BETWEEN_LOOKS_MS = 250;
/** Many times what it takes: a lease tells of it with the next heartbeat at the latest. */
const LIMIT_MS = 120_000;

/** Started anew in a cluster that has the objects. */
export async function agentMemory(cluster: Cluster): Promise<Row[]> {
  const { api } = cluster;
  await cluster.start("agent");
  const pid = await cluster.pid("agent");
  const rssBytes = async () => (await usageOf(pid)).rssBytes;
  const newest = await api.get(ENDPOINTS, "default", nameOf(COUNT - 1));
  await programmed(cluster, newest.metadata.resourceVersion);
  const full = await rssBytes();
  let most = full;
  for (let i = 0; i < CHANGES; i++) {
    await changeOne(api, i * 37 % COUNT);
    most = Math.max(most, await rssBytes());
  }
  const what = `eBPF, ${COUNT.toLocaleString("en")} services × ${PODS} endpoints: RSS of an agent`;
  const peak = /VmHWM:\s+(\d+)/.exec(await Deno.readTextFile(`/proc/${pid}/status`))?.[1];
  const figures = [full, most, Number(peak) * 1024].map((bytes) =>
    `${(bytes / 1e6).toFixed(0)} MB`
  );
  return [{
    what: `${what}, after its cold sync, at most during ${CHANGES} changes, and ever`,
    figure: figures.join(", "),
    goal: "≤ 150 MB",
  }];
}

async function changeOne(api: Api, service: number): Promise<void> {
  const endpoints = await api.get(ENDPOINTS, "default", nameOf(service));
  await api.update(ENDPOINTS, withAnother(endpoints, service));
}

/** Until the node has told that its kernel has this revision of endpoints. */
async function programmed({ api, settings }: Cluster, revision = ""): Promise<void> {
  const end = performance.now() + LIMIT_MS;
  const told = ({ metadata }: Lease) => Number(metadata.annotations?.[PROGRAMMED_ANNOTATION] ?? 0);
  while (told(await api.get(LEASES, NODE_LEASE_NAMESPACE, settings.nodeName)) < Number(revision)) {
    if (performance.now() > end) throw new Error("Cannot measure: the agent programs nothing");
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_LOOKS_MS));
  }
}
