/** What the store alone does, on a file in a temporary folder: commits, watches, loads. */
import type { Clock } from "../api/types/ambient.ts";
import type { KubeObject } from "../api/types/meta.ts";
import { openKvLedger } from "../store/kv_ledger.ts";
import type { Ledger } from "../store/ledger.ts";
import { openStore } from "../store/mvcc_store.ts";
import type { Store } from "../store/store.ts";
import { hasEtcd, startEtcd } from "../tests/fixtures/etcd.ts";
import type { Row } from "./run.ts";

const OBJECT_BYTES = 2_000;
const MEASURE_MS = 3_000;

/** By concurrent writers. */
const GOALS: Readonly<Record<number, string>> = { 1: "900", 64: "8,000" };

const clock: Clock = {
  now: () => Date.now(),
  sleep: () => Promise.resolve(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
const log = (message: string, figures?: unknown) => console.error(message, figures);

const openOn = async (ledger: Promise<Ledger>): Promise<Store> =>
  await openStore(await ledger, { clock, log });

const open = (path: string): Promise<Store> => openOn(openKvLedger(path));

const perSecond = (count: number, ms: number, unit: string) =>
  `${Math.round(count / ms * 1_000).toLocaleString("en")} ${unit}/s`;

const keyOf = (n: number) => `pods/default/pod-${String(n).padStart(7, "0")}`;

/** As deep and wide as a pod is, so that JSON costs what it costs. */
function podOf(n: number): KubeObject {
  const env = Array.from(
    { length: 12 },
    (_, at) => ({ name: `VARIABLE_${at}`, value: `value-${n}` }),
  );
  const pod = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: `pod-${n}`, namespace: "default", labels: { app: "web" } },
    spec: { containers: [{ name: "web", image: "nginx", env }], padding: "" },
  };
  const padding = "x".repeat(Math.max(0, OBJECT_BYTES - JSON.stringify(pod).length - 30));
  return { ...pod, spec: { ...pod.spec, padding } } as KubeObject;
}

/** Each writer waits for its answer before it writes again. */
async function write(store: Store, writers: number, ms: number, distinct: number): Promise<number> {
  const end = performance.now() + ms;
  let written = 0;
  const writeOn = async () => {
    while (performance.now() < end) {
      const n = written++ % distinct;
      await store.commit(() => [{ key: keyOf(n), object: podOf(n) }]);
    }
  };
  await Promise.all(Array.from({ length: writers }, writeOn));
  return written;
}

async function measureWrites(
  openNew: (name: string) => Promise<Store>,
  what: string,
  distinct: number,
  goals = GOALS,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const writers of [1, 16, 64]) {
    const store = await openNew(`${what}-${writers}`);
    await write(store, writers, 300, distinct);
    const begin = performance.now();
    const count = await write(store, writers, MEASURE_MS, distinct);
    const figure = perSecond(count, performance.now() - begin, "objects");
    const goal = goals[writers];
    rows.push({ what: `${what}, ${writers} writers`, figure, ...(goal && { goal }) });
    await store.close();
  }
  return rows;
}

/** One member on this machine, which takes its share of the cores. */
async function measureEtcd(): Promise<Row[]> {
  if (!hasEtcd) return [{ what: "etcd", figure: "there is none" }];
  const etcd = await startEtcd();
  try {
    const openNew = (name: string) => openOn(etcd.open(`/${name}/`));
    return [
      ...await measureWrites(openNew, "etcd create", 10_000_000, {}),
      ...await measureWrites(openNew, "etcd update", 100, {}),
    ];
  } finally {
    await etcd.stop();
  }
}

async function fill(path: string, count: number): Promise<void> {
  const store = await open(path);
  for (let from = 0; from < count; from += 2_000) {
    const writes = Array.from({ length: Math.min(2_000, count - from) }, (_, at) => from + at);
    await Promise.all(
      writes.map((n) => store.commit(() => [{ key: keyOf(n), object: podOf(n) }])),
    );
  }
  await store.close();
}

/** How this file is started as a process that only loads: its memory is what the objects take. */
const AS_LOADER = "load";
const AS_FILLER = "fill";

async function inOwnProcess(...args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--unstable-kv", import.meta.filename ?? "", ...args],
    stderr: "inherit",
  }).output();
  return new TextDecoder().decode(stdout);
}

async function load(path: string): Promise<void> {
  const begin = performance.now();
  const store = await open(path);
  const loadMs = performance.now() - begin;
  const listBegin = performance.now();
  for (let times = 0; times < 20; times += 1) store.list("pods/");
  const listMs = (performance.now() - listBegin) / 20;
  console.log(JSON.stringify({ loadMs, listMs, rss: Deno.memoryUsage().rss }));
  await store.close();
}

async function measureLoad(folder: string, count: number): Promise<Row[]> {
  const path = `${folder}/load-${count}.db`;
  await inOwnProcess(AS_FILLER, path, String(count));
  const { loadMs, listMs, rss } = JSON.parse(await inOwnProcess(AS_LOADER, path));
  const objects = count.toLocaleString("en");
  const mebibytes = Math.round(rss / 1024 / 1024);
  return [
    { what: `load ${objects} objects`, figure: `${Math.round(loadMs)} ms, RSS ${mebibytes} MiB` },
    { what: `list ${objects} objects`, figure: `${listMs.toFixed(2)} ms` },
  ];
}

async function measureWatch(folder: string, watchers: number): Promise<Row> {
  const store = await open(`${folder}/watch-${watchers}.db`);
  let delivered = 0;
  for (let n = 0; n < watchers; n += 1) {
    store.watch("pods/", store.revision, (events) => delivered += events.length);
  }
  const begin = performance.now();
  await write(store, 64, MEASURE_MS / 3, 100_000);
  const figure = perSecond(delivered, performance.now() - begin, "events");
  await store.close();
  return { what: `watch, ${watchers.toLocaleString("en")} watchers, 64 writers`, figure };
}

export async function run(): Promise<Row[]> {
  const folder = await Deno.makeTempDir({ prefix: "wherry-bench-" });
  const openNew = (name: string) => open(`${folder}/${name}.db`);
  try {
    return [
      ...await measureWrites(openNew, "create", 10_000_000),
      ...await measureWrites(openNew, "update", 100),
      ...await measureEtcd(),
      await measureWatch(folder, 1),
      await measureWatch(folder, 1_000),
      ...await measureLoad(folder, 10_000),
      ...await measureLoad(folder, 100_000),
    ];
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function main(): Promise<void> {
  const rows = await run();
  const width = Math.max(...rows.map(({ what }) => what.length));
  for (const { what, figure, goal } of rows) {
    console.log(`${what.padEnd(width)}  ${figure}${goal ? `  (goal ${goal})` : ""}`);
  }
}

if (import.meta.main) {
  const [as, path = "", count] = Deno.args;
  if (as === AS_FILLER) await fill(path, Number(count));
  else if (as === AS_LOADER) await load(path);
  else await main();
}
