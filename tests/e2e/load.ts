/** Requests without end, each over a connection of its own, until told to stop. */
import type { Cluster } from "./cluster.ts";
import { readyPods } from "./pods.ts";
import { counted } from "./traffic.ts";

const CLIENTS = 4;
/** One that takes longer has failed. */
const ANSWER_MS_MAX = 10_000;

export interface LoadResult {
  readonly answered: number;
  /** How often each failure came. */
  readonly failures: Record<string, number>;
}

export interface Load {
  /** Answers so far. */
  readonly answered: number;
  stop(): Promise<LoadResult>;
}

/** From this host. */
export function loadFromHost(hostname: string, port = 80): Load {
  const failures: Record<string, number> = {};
  let answered = 0;
  let isOver = false;
  const client = async () => {
    while (!isOver) {
      const failure = await requestOnce(hostname, port);
      if (failure === "") answered++;
      else failures[failure] = (failures[failure] ?? 0) + 1;
    }
  };
  const clients = Promise.all(Array.from({ length: CLIENTS }, client));
  return {
    get answered() {
      return answered;
    },
    async stop() {
      isOver = true;
      await clients;
      return { answered, failures };
    },
  };
}

/** @returns what went wrong; "" when the whole answer came */
async function requestOnce(hostname: string, port: number): Promise<string> {
  let step = "connect";
  try {
    using connection = await Deno.connect({ hostname, port });
    const timer = setTimeout(() => connection.close(), ANSWER_MS_MAX);
    try {
      step = "send";
      await connection.write(REQUEST);
      step = "receive";
      const answer = await readAll(connection);
      return /^HTTP\/1\.[01] 200 .*\r\n\r\n./s.test(answer) ? "" : `answer ${answer.slice(0, 40)}`;
    } finally {
      clearTimeout(timer);
    }
  } catch (error) {
    return `${step}: ${error instanceof Error ? error.message : error}`;
  }
}

const REQUEST = new TextEncoder().encode(
  "GET /hostname HTTP/1.1\r\nHost: web\r\nConnection: close\r\n\r\n",
);

async function readAll(connection: Deno.TcpConn): Promise<string> {
  const buffer = new Uint8Array(4096);
  let text = "";
  for (let n = await connection.read(buffer); n !== null; n = await connection.read(buffer)) {
    text += new TextDecoder().decode(buffer.subarray(0, n));
  }
  return text;
}

/** From a pod with a shell and wget. */
export async function loadFromPod(cluster: Cluster, hostname: string): Promise<Load> {
  const { kubectl } = cluster;
  await kubectl.apply(CLIENT);
  await readyPods(cluster, CLIENT.metadata.name, 1);
  const one = `while [ ! -e /tmp/stop ]; do wget -q -O /dev/null http://${hostname}/hostname ` +
    `2>&1 && echo answered; done`;
  const script = `rm -f /tmp/stop; for i in 1 2; do (${one}) & done | sort | uniq -c`;
  const running = kubectl.run("exec", CLIENT.metadata.name, "--", "sh", "-c", script);
  return {
    answered: 0,
    async stop() {
      await kubectl.run("exec", CLIENT.metadata.name, "--", "touch", "/tmp/stop");
      const counts = counted(await running);
      const answered = counts.get("answered") ?? 0;
      counts.delete("answered");
      return { answered, failures: Object.fromEntries(counts) };
    },
  };
}

const CLIENT = {
  apiVersion: "v1",
  kind: "Pod",
  metadata: { name: "load", labels: { app: "load" } },
  spec: {
    terminationGracePeriodSeconds: 1,
    containers: [{ name: "load", image: "busybox:1.35", command: ["sleep", "3600"] }],
  },
};
