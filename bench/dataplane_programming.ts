/** From the commit of an endpoint in the API to the kernel of a node, among 10,000 services with 10 pods each. */
import { ENDPOINTS } from "../api/types/resources.ts";
import type { Api } from "../client/api.ts";
import { connect } from "../cmd/connection.ts";
import { ADMIN_USER, ensureTokens, tokenOf } from "../cmd/credentials.ts";
import { serverOf } from "../cmd/identity.ts";
import { pathsOf } from "../cmd/paths.ts";
import { removeEbpf } from "../dataplane/ebpf_backend.ts";
import { findCgroupRoot } from "../dataplane/host_files.ts";
import { namesOf } from "../dataplane/names.ts";
import { startCluster } from "../tests/e2e/cluster.ts";
import type { Master } from "../tests/fixtures/master.ts";
import { atRest } from "./at_rest.ts";
import { agentMemory } from "./dataplane_agent.ts";
import { clockMs, type Programmed } from "./dataplane_node.ts";
import { BenchNode } from "./dataplane_node_process.ts";
import { COUNT, fill, nameOf, PODS, withAnother } from "./dataplane_objects.ts";
import type { Row } from "./run.ts";

const CLUSTER = "bench-programming";
const CHANGES = 300;
/** So many changes are printed with all their moments. */
const SLOWEST = 5;

export async function programming(): Promise<Row[]> {
  await using cluster = await startCluster({});
  const { settings, api } = cluster;
  await cluster.kill("agent"); // until its turn
  const paths = pathsOf(settings.dataDir);
  const token = tokenOf(await ensureTokens(paths, settings.nodeName), ADMIN_USER);
  const url = serverOf(settings);
  using connection = await connect(url, paths, { token });
  const fetch = (path: string) => connection.fetch(path);
  await fill(api);
  await atRest({ fetch });
  const master = { url, token, dataDir: settings.dataDir, fetch };
  return [...await onNode(master, api), ...await agentMemory(cluster)];
}

/** With a master that has the objects already. */
export async function onNode(
  master: Pick<Master, "url" | "token" | "dataDir" | "fetch">,
  api: Api,
): Promise<Row[]> {
  const cgroup = `${await findCgroupRoot()}/${CLUSTER}`;
  await Deno.mkdir(cgroup, { recursive: true });
  const node = new BenchNode(CLUSTER, cgroup, master);
  try {
    const last = await api.get(ENDPOINTS, "default", nameOf(COUNT - 1));
    const full = await node.until(Number(last.metadata.resourceVersion));
    await atRest(master);
    const changes = await changeSome(api, node);
    for (const line of slowest(changes)) console.error(line);
    return rowsOf(full, changes);
  } finally {
    await node.stop();
    await removeEbpf(namesOf(CLUSTER));
    await Deno.remove(cgroup);
  }
}

/** One endpoint changed, and what became of it. Times in ms since 1970. */
interface Change {
  readonly fromMs: number;
  /** The API has committed it before. */
  readonly answeredMs: number;
  readonly programmed: Programmed;
}

/** One after the other, each as soon as the last one is in the kernel. */
async function changeSome(api: Api, node: BenchNode): Promise<Change[]> {
  const changes: Change[] = [];
  for (let i = 0; i < CHANGES; i++) {
    const service = i * 37 % COUNT;
    const changed = withAnother(await api.get(ENDPOINTS, "default", nameOf(service)), service);
    const fromMs = clockMs();
    const { metadata } = await api.update(ENDPOINTS, changed);
    const answeredMs = clockMs();
    const programmed = await node.until(Number(metadata.resourceVersion));
    changes.push({ fromMs, answeredMs, programmed });
  }
  return changes;
}

const tookMs = ({ fromMs, programmed }: Change) => programmed.atMs - fromMs;

/** Where the time went, a line for each. */
function slowest(changes: readonly Change[]): string[] {
  const some = changes.toSorted((a, b) => tookMs(b) - tookMs(a)).slice(0, SLOWEST);
  return some.map((change) => {
    const { fromMs, answeredMs, programmed: { heardMs, syncFromMs, atMs } } = change;
    const moments = { answered: answeredMs, heard: heardMs, planned: syncFromMs, written: atMs };
    const texts = Object.entries(moments).map(([what, ms]) =>
      `${what} ${(ms - fromMs).toFixed(1)}`
    );
    return `change ${changes.indexOf(change)}, ms after its request: ${texts.join(", ")}`;
  });
}

function rowsOf(full: Programmed, changes: readonly Change[]): Row[] {
  const samples = changes.map(tookMs).sort((a, b) => a - b);
  const what = `eBPF, ${COUNT.toLocaleString("en")} services × ${PODS} endpoints`;
  const at = (share: number) => `${(samples[Math.floor(CHANGES * share)] ?? 0).toFixed(1)} ms`;
  return [
    {
      what: `${what}: one endpoint, from the request that changes it to the kernel, p50, p99`,
      figure: `${at(0.5)}, ${at(0.99)}`,
      goal: "p99 ≤ 25 ms",
    },
    { what: `${what}: cold full sync`, figure: `${full.syncMs.toFixed(0)} ms`, goal: "≤ 300 ms" },
  ];
}
