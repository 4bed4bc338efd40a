import type { Pod } from "../api/types/core_v1.ts";
import { PODS, REPLICATION_CONTROLLERS } from "../api/types/resources.ts";
import { HttpApi } from "../client/http_api.ts";
import { ownProgram } from "../cmd/own_program.ts";
import { type Master, startMaster } from "../tests/fixtures/master.ts";
import { usageOf } from "../tests/fixtures/usage.ts";
import { count, request } from "./api.ts";
import type { Row } from "./run.ts";

/** `WHERRY_SCALE=NODES,PODS` asks for another size. */
const [NODE_COUNT = 5_000, POD_COUNT = 30_000] = (Deno.env.get("WHERRY_SCALE") ?? "")
  .split(",").filter((part) => part !== "").map(Number);
/** Of one process: its heap has a limit. */
const NODES_PER_PROCESS = 1_250;
/** What stands for hundreds of agents must not spend a third of its time collecting; a real one has a small heap. */
const HOLLOW_YOUNG_MB = "32";
/** As deploy/README.md says of a master of thousands of nodes. */
const MASTER_YOUNG_MB = "16";
/** The last pods come at this rate, and are timed; the others by replication controllers. */
const TIMED_PER_SECOND = 100;
const TIMED_SECONDS = 20;
const PODS_PER_CONTROLLER = 1_000;
const IDLE_SECONDS = 30;
/** Until the last events are written. */
const SETTLE_SECONDS = 60;
const STEP_LIMIT_MS = 600_000;
const SPACE = "default";

/** A master process, and beside it processes of `wherry hollow`, which stand for all nodes: they share this machine. */
export async function run(): Promise<Row[]> {
  const master = await startMaster({
    flags: ["--cluster-cidr", "10.0.0.0/8", "--service-cidr", "172.30.0.0/16"],
    youngMb: MASTER_YOUNG_MB,
  });
  const hollow = startHollow(master);
  const pids = hollow.map(({ pid }) => pid);
  const client = Deno.createHttpClient({ caCerts: [master.ca] });
  try {
    const api = new HttpApi({
      ...{ baseUrl: master.url, token: master.token, userAgent: "bench" },
      fetch: (request) => fetch(request, { client }),
    });
    return [
      ...told(await join(master)),
      ...told(await fill(api)),
      ...told(await timed(api)),
      ...told(await idle(master, pids)),
    ];
  } finally {
    client.close();
    for (const one of hollow) one.kill("SIGKILL");
    await Promise.all(hollow.map(({ status }) => status));
    await master.stop();
  }
}

/** Each step as it ends: the whole takes minutes. */
function told(rows: Row[]): Row[] {
  for (const { what, figure } of rows) console.error(`${what}: ${figure}`);
  return rows;
}

function startHollow({ dataDir, url }: Master): Deno.ChildProcess[] {
  const processes = Math.ceil(NODE_COUNT / NODES_PER_PROCESS);
  const stderr = Deno.env.get("WHERRY_SCALE_LOG") ? "inherit" : "null";
  return Array.from({ length: processes }, (_, i) => {
    const first = Math.floor(i * NODE_COUNT / processes);
    const next = Math.floor((i + 1) * NODE_COUNT / processes);
    const { program, args } = ownProgram([
      ...["hollow", "--data-dir", dataDir, "--cluster-name", "test"],
      ...["--api-port", new URL(url).port, "--bind-address", "127.0.0.1"],
      ...["--nodes", String(next - first), "--first-node", String(first)],
    ], HOLLOW_YOUNG_MB);
    return new Deno.Command(program, { args, stdout: "null", stderr }).spawn();
  });
}

async function join(master: Master): Promise<Row[]> {
  const from = performance.now();
  await until(async () => await countReadyNodes(master) >= NODE_COUNT);
  const { rssBytes } = await usageOf(master.pid);
  return [
    { what: `${count(NODE_COUNT)} hollow nodes ready`, figure: seconds(performance.now() - from) },
    { what: "master's memory with them", figure: megabytes(rssBytes) },
  ];
}

async function fill(api: HttpApi): Promise<Row[]> {
  const from = performance.now();
  const wanted = POD_COUNT - TIMED_PER_SECOND * TIMED_SECONDS;
  for (let made = 0; made < wanted; made += PODS_PER_CONTROLLER) {
    const replicas = Math.min(PODS_PER_CONTROLLER, wanted - made);
    await api.create(REPLICATION_CONTROLLERS, controller(`fill-${made}`, replicas));
  }
  await until(async () => await countRunning(api) >= wanted);
  const took = performance.now() - from;
  return [{
    what: `${count(wanted)} pods by replication controllers, all Running`,
    figure: `${seconds(took)} (${count(wanted / took * 1_000)}/s)`,
  }];
}

/** Each pod from the moment its create is sent to the moment a watch shows it Running. */
async function timed(api: HttpApi): Promise<Row[]> {
  const total = TIMED_PER_SECOND * TIMED_SECONDS;
  const sent = new Map<string, number>();
  const took: number[] = [];
  const ending = new AbortController();
  const { resourceVersion } = await api.list(PODS, { namespace: SPACE, labelSelector: "is=timed" });
  const watching = (async () => {
    const options = { namespace: SPACE, labelSelector: "is=timed", resourceVersion };
    for await (const { object } of api.watch(PODS, options, ending.signal)) {
      const at = sent.get(object.metadata.name);
      if (at === undefined || (object as Pod).status?.phase !== "Running") continue;
      sent.delete(object.metadata.name);
      took.push(performance.now() - at);
      if (took.length === total) return;
    }
  })();
  const from = performance.now();
  const creates: Promise<unknown>[] = [];
  for (let i = 0; i < total; i += 1) {
    await sleep(from + i * 1_000 / TIMED_PER_SECOND - performance.now());
    sent.set(`timed-${i}`, performance.now());
    creates.push(api.create(PODS, pod(`timed-${i}`)));
  }
  await Promise.all(creates);
  const limit = setTimeout(() => ending.abort(), STEP_LIMIT_MS);
  await watching;
  clearTimeout(limit);
  const sorted = took.toSorted((a, b) => a - b);
  const at = (share: number) =>
    `${Math.round(sorted[Math.floor(share * (sorted.length - 1))]!)} ms`;
  return [{
    what: `create to hollow Running at ${TIMED_PER_SECOND} pods/s: p50, p99, of ${
      count(took.length)
    }`,
    figure: `${at(0.5)}, ${at(0.99)}`,
    goal: "p99 ≤ 5 s",
  }];
}

async function idle(master: Master, hollowPids: readonly number[]): Promise<Row[]> {
  await sleep(SETTLE_SECONDS * 1_000);
  const use = async () => [await usageOf(master.pid), await usageOfAll(hollowPids)] as const;
  const before = await use();
  await sleep(IDLE_SECONDS * 1_000);
  const after = await use();
  const share = (i: 0 | 1) =>
    `${((after[i].cpuMs - before[i].cpuMs) / IDLE_SECONDS / 10).toFixed(1)} % of a core`;
  return [
    {
      what: `master, ${count(POD_COUNT)} pods on ${count(NODE_COUNT)} nodes: memory`,
      figure: megabytes(after[0].rssBytes),
    },
    { what: "master, idle", figure: share(0) },
    { what: "all hollow nodes, idle", figure: `${megabytes(after[1].rssBytes)}, ${share(1)}` },
  ];
}

async function usageOfAll(pids: readonly number[]): Promise<{ rssBytes: number; cpuMs: number }> {
  const all = await Promise.all(pids.map(usageOf));
  const sum = (of: "rssBytes" | "cpuMs") => all.reduce((total, one) => total + one[of], 0);
  return { rssBytes: sum("rssBytes"), cpuMs: sum("cpuMs") };
}

async function countReadyNodes(master: Master): Promise<number> {
  const headers = { accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
  const body = await request(master, "/api/v1/nodes?includeObject=None", { headers });
  const { rows } = JSON.parse(new TextDecoder().decode(body)) as { rows?: { cells: string[] }[] };
  return (rows ?? []).filter(({ cells }) => cells[1] === "Ready").length;
}

/** As their controllers count them: a page of a list with a field selector does not tell how many remain. */
async function countRunning(api: HttpApi): Promise<number> {
  const { items } = await api.list(REPLICATION_CONTROLLERS, { namespace: SPACE });
  return items.reduce((sum, { status }) => sum + (status?.readyReplicas ?? 0), 0);
}

function controller(name: string, replicas: number) {
  const labels = { app: name };
  return {
    apiVersion: "v1",
    kind: "ReplicationController" as const,
    metadata: { namespace: SPACE, name },
    spec: { replicas, selector: labels, template: { metadata: { name: "", labels }, spec: SPEC } },
  };
}

function pod(name: string): Pod {
  const metadata = { namespace: SPACE, name, labels: { is: "timed" } };
  return { apiVersion: "v1", kind: "Pod", metadata, spec: SPEC } as Pod;
}

const SPEC = { containers: [{ name: "web", image: "web:1" }] };

async function until(holds: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + STEP_LIMIT_MS;
  while (!await holds()) {
    if (performance.now() > end) throw new Error(`not within ${STEP_LIMIT_MS} ms: ${holds}`);
    await sleep(1_000);
  }
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;
