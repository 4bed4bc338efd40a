import { type Master, startMaster } from "../tests/fixtures/master.ts";
import { fanOut } from "./fan_out.ts";
import type { Row } from "./run.ts";

const SECONDS = 6;
const LISTS = 7;
const CREATES_AT_ONCE = 64;

/**
 * Creates, gets, lists and watches over HTTPS against a master process; the load comes from wrk beside it. The
 * pods ask for a scheduler that is not there, so that the figures are the API server's.
 */
export async function run(): Promise<Row[]> {
  const rows: Row[] = [await start()];
  const master = await startMaster();
  try {
    for (const clients of [1, 16, 64]) rows.push(await creates(master, clients));
    rows.push(...await gets(master));
    rows.push(await list(master, 1_000), await list(master, 10_000));
    rows.push(...await fanOut(master, 1_000));
  } finally {
    await master.stop();
  }
  return rows;
}

/** The middle of five starts on a data folder that exists: what a restart costs. */
async function start(): Promise<Row> {
  const dir = await Deno.makeTempDir({ prefix: "wherry-bench-" });
  const times: number[] = [];
  for (let run = 0; run < 6; run += 1) {
    const master = await startMaster({ dataDir: dir });
    if (run > 0) times.push(master.readyMs);
    await master.stop();
  }
  await Deno.remove(dir, { recursive: true });
  return { what: "process start to /readyz, p50", figure: ms(median(times)), goal: "≤ 300 ms" };
}

async function creates(master: Master, clients: number): Promise<Row> {
  await createNamespace(master, `create-${clients}`);
  const environment = { PREFIX: `p${clients}`, NAMESPACE: `create-${clients}` };
  const { rate, errors } = await wrk(master, "bench/create.lua", clients, environment);
  const what = `durable pod creates/s, ${clients} clients`;
  const figure = errors === 0 ? count(rate) : `${count(rate)} (${errors} errors)`;
  return clients === 64 ? { what, figure, goal: "≥ 4,000" } : { what, figure };
}

async function gets(master: Master): Promise<Row[]> {
  const [name] = await podNames(master, "create-1");
  const environment = { GET_PATH: `/api/v1/namespaces/create-1/pods/${name}` };
  const rows: Row[] = [];
  for (const clients of [1, 16, 64]) {
    const { rate, errors } = await wrk(master, "bench/get.lua", clients, environment);
    const what = `gets/s, ${clients} clients`;
    const figure = errors === 0 ? count(rate) : `${count(rate)} (${errors} errors)`;
    rows.push(clients === 16 ? { what, figure, goal: "≥ 8,000" } : { what, figure });
  }
  return rows;
}

/** @param size pods in a namespace of their own, filled by wrk and cut to size by `limit` */
async function list(master: Master, size: number): Promise<Row> {
  const space = `list-${size}`;
  await createNamespace(master, space);
  await fill(master, space, size);
  const path = `/api/v1/namespaces/${space}/pods?limit=${size}`;
  const times: number[] = [];
  let bytes = 0;
  for (let run = 0; run < LISTS; run += 1) {
    const from = performance.now();
    bytes = (await get(master, path)).byteLength;
    times.push(performance.now() - from);
  }
  const figure = `${ms(median(times))} (${(bytes / 1e6).toFixed(1)} MB)`;
  const what = `list of ${count(size)} pods, p50`;
  return size === 10_000 ? { what, figure, goal: "≤ 150 ms" } : { what, figure };
}

/** @returns how many pods there are: at least `size` */
export async function fill(master: Master, space: string, size: number): Promise<number> {
  let filled = 0;
  let rate = 0;
  for (let run = 0; filled < size; run += 1) {
    const seconds = Math.min(SECONDS, Math.max(1, Math.floor((size - filled) / (rate || 1))));
    const environment = { PREFIX: `l${run}`, NAMESPACE: space };
    ({ rate } = await wrk(master, "bench/create.lua", 64, environment, seconds));
    filled = await countPods(master, space);
  }
  return filled;
}

async function podNames(master: Master, space: string): Promise<string[]> {
  const body = await get(master, `/api/v1/namespaces/${space}/pods?limit=1`);
  const { items } = JSON.parse(new TextDecoder().decode(body)) as {
    items: { metadata: { name: string } }[];
  };
  return items.map(({ metadata }) => metadata.name);
}

async function countPods(master: Master, space: string): Promise<number> {
  const body = await get(master, `/api/v1/namespaces/${space}/pods?limit=1`);
  const { items, metadata } = JSON.parse(new TextDecoder().decode(body)) as {
    items: unknown[];
    metadata: { remainingItemCount?: number };
  };
  return items.length + (metadata.remainingItemCount ?? 0);
}

export async function createNamespace(master: Master, name: string): Promise<void> {
  const body = JSON.stringify({ apiVersion: "v1", kind: "Namespace", metadata: { name } });
  const headers = { "content-type": "application/json" };
  await request(master, "/api/v1/namespaces", { method: "POST", headers, body });
}

async function get(master: Master, path: string): Promise<Uint8Array> {
  return await request(master, path, {});
}

export async function request(
  master: Master,
  path: string,
  init: Parameters<Master["fetch"]>[1],
): Promise<Uint8Array> {
  const response = await master.fetch(path, init);
  const body = new Uint8Array(await response.arrayBuffer());
  if (!response.ok) {
    throw new Error(`${path}: ${response.status} ${new TextDecoder().decode(body)}`);
  }
  return body;
}

async function wrk(
  { url, token }: Master,
  script: string,
  connections: number,
  environment: Record<string, string>,
  seconds = SECONDS,
): Promise<{ rate: number; errors: number }> {
  const args = ["-t1", `-c${connections}`, `-d${seconds}s`, "--timeout", "10s", "-s", script, url];
  const env = { ...environment, TOKEN: token };
  const { stdout, stderr } = await new Deno.Command("wrk", { args, env }).output();
  const text = new TextDecoder().decode(stdout);
  const [, rate, errors] = /RESULT ([\d.]+) (\d+)/.exec(text) ?? [];
  if (rate === undefined) throw new Error(`wrk: ${text}${new TextDecoder().decode(stderr)}`);
  return { rate: Number(rate), errors: Number(errors) };
}

export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}

export const ms = (value: number) => `${value.toFixed(0)} ms`;
export const count = (value: number) => Math.round(value).toLocaleString("en-US");

/** Sixty-four at one time, in order. */
export async function atOnce<T>(
  items: readonly T[],
  act: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: CREATES_AT_ONCE }, async () => {
    while (next < items.length) await act(items[next++]!);
  }));
}
