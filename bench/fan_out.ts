import { count, request } from "./api.ts";
import type { Master } from "../tests/fixtures/master.ts";
import type { Row } from "./run.ts";

const EVENTS = 400;
const WRITERS = 32;

/**
 * Watchers of one namespace, each on a connection of its own in a process of their own, and writes to that
 * namespace: how many events a second reach watchers, from the first write to the last event everywhere.
 */
export async function fanOut(master: Master, watchers: number): Promise<Row> {
  const space = "fan-out";
  await create(master, "/api/v1/namespaces", { kind: "Namespace", metadata: { name: space } });
  const script = new URL("./fan_out_watchers.ts", import.meta.url).pathname;
  const args = ["run", "-A", script, master.url, master.token, String(watchers), String(EVENTS)];
  const child = new Deno.Command(Deno.execPath(), { args, stdout: "piped" }).spawn();
  const lines = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const first = await lines.read();
  if (!first.value?.startsWith("open")) throw new Error(`watchers: ${first.value}`);
  const from = performance.now();
  await writeAll(master, space);
  const done = await lines.read();
  const seconds = (performance.now() - from) / 1000;
  await child.status;
  if (!done.value?.startsWith("done")) throw new Error(`watchers: ${done.value}`);
  const rate = count(watchers * EVENTS / seconds);
  return {
    what: `watch fan-out to ${count(watchers)} watchers, events/s`,
    figure: rate,
    goal: "≥ 100,000",
  };
}

async function writeAll(master: Master, space: string): Promise<void> {
  let next = 0;
  const path = `/api/v1/namespaces/${space}/configmaps`;
  await Promise.all(Array.from({ length: WRITERS }, async () => {
    while (next < EVENTS) {
      const name = `event-${next++}`;
      await create(master, path, { kind: "ConfigMap", metadata: { name }, data: { a: "1" } });
    }
  }));
}

async function create(master: Master, path: string, object: object): Promise<void> {
  const body = JSON.stringify({ apiVersion: "v1", ...object });
  await request(master, path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
  });
}
