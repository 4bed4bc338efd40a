import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { count, request } from "./api.ts";
import type { Master } from "../tests/fixtures/master.ts";
import type { Row } from "./run.ts";

const EVENTS = 400;
const WRITERS = 32;

/** Of the second run, in which delays are measured: so many writes a second, each seen by all watchers. */
const PACED_EVENTS = 400;
const PACED_PER_SECOND = 200;

const SPACE = "fan-out";

/**
 * Watchers of one namespace, each on a connection of its own in a process of their own, and writes to that
 * namespace. First as many as go: how many events a second reach watchers, from the first write to the last event
 * everywhere. Then at a steady pace: how long it takes from sending a write to its event at a watcher.
 */
export async function fanOut(master: Master, watchers: number): Promise<Row[]> {
  await create(master, "/api/v1/namespaces", { kind: "Namespace", metadata: { name: SPACE } });
  const script = new URL("./fan_out_watchers.py", import.meta.url).pathname;
  const numbers = [watchers, EVENTS, PACED_EVENTS].map(String);
  const args = [script, master.url, master.token, ...numbers];
  const child = new Deno.Command("python3", { args, stdout: "piped" }).spawn();
  const lines = linesOf(child.stdout);
  const said = async (what: string) => {
    const { value } = await lines.next();
    if (!value?.startsWith(what)) throw new Error(`The watchers said ${value}, not ${what}`);
    return value;
  };
  await said("open");
  const from = performance.now();
  await writeAll(master);
  await said("done");
  const seconds = (performance.now() - from) / 1000;
  await writePaced(master);
  const [, p50, p99] = (await said("delays")).split(" ");
  await child.status;
  const rate = count(watchers * PACED_PER_SECOND);
  return [
    {
      what: `watch fan-out to ${count(watchers)} watchers, events/s`,
      figure: count(watchers * EVENTS / seconds),
      goal: "≥ 200,000",
    },
    {
      what: `from write to event, at ${rate} events/s: p50, p99`,
      figure: `${p50} ms, ${p99} ms`,
      goal: "p99 ≤ 100 ms",
    },
  ];
}

/** However the output comes in pieces. */
function linesOf(output: ReadableStream<Uint8Array>): AsyncIterator<string> {
  return createInterface({ input: Readable.fromWeb(output as never) })[Symbol.asyncIterator]();
}

async function writeAll(master: Master): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: WRITERS }, async () => {
    while (next < EVENTS) await write(master, `event-${next++}`, { now: "" });
  }));
}

/** A write that is late holds up none of those after it. */
async function writePaced(master: Master): Promise<void> {
  const from = performance.now();
  const writes: Promise<void>[] = [];
  while (writes.length < PACED_EVENTS) {
    const due = from + writes.length * 1000 / PACED_PER_SECOND;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    writes.push(write(master, `paced-${writes.length}`, { sent: String(Date.now()) }));
  }
  await Promise.all(writes);
}

async function write(master: Master, name: string, data: Record<string, string>): Promise<void> {
  const path = `/api/v1/namespaces/${SPACE}/configmaps`;
  await create(master, path, { kind: "ConfigMap", metadata: { name }, data });
}

async function create(master: Master, path: string, object: object): Promise<void> {
  const body = JSON.stringify({ apiVersion: "v1", ...object });
  await request(master, path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
}
