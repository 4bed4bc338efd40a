import type { Clock } from "../../api/types/ambient.ts";
import { type ApiOptions, createApi, type KubeApi } from "../../api/http/app.ts";
import { bootstrapObjects } from "../../api/registry/bootstrap.ts";
import { DEFAULT_NETWORK, KINDS } from "../../api/registry/kinds.ts";
import { MemoryLedger } from "../../store/memory_ledger.ts";
import type { Ledger } from "../../store/ledger.ts";
import type { HistoryLimits } from "../../store/history.ts";
import { openStore } from "../../store/mvcc_store.ts";
import type { Store } from "../../store/store.ts";

export const ADMIN_TOKEN = "admin-token";

/** The real time: for tests that wait for conditions and never for a span. */
export const CLOCK: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      signal?.addEventListener("abort", () => (clearTimeout(timer), resolve()), { once: true });
    }),
  after(ms, callback) {
    const timer = setTimeout(callback, Math.min(ms, 2 ** 31 - 1));
    return () => clearTimeout(timer);
  },
};

const VERSION = {
  major: "1",
  minor: "33",
  gitVersion: "v1.33.0-wherry.0.1.0",
  gitCommit: "",
  gitTreeState: "clean",
  buildDate: "1970-01-01T00:00:00Z",
  goVersion: "",
  compiler: "",
  platform: "linux/amd64",
};

export type Json = Record<string, unknown>;

/** What a test reads of an answer. */
export interface Answer {
  readonly code: number;
  // deno-lint-ignore no-explicit-any -- tests read JSON of every shape
  readonly body: any;
  readonly headers: Headers;
}

export interface Harness {
  readonly api: KubeApi;
  readonly store: Store;
  /** As the administrator. A body that is no text is sent as JSON. */
  call(
    method: string,
    path: string,
    body?: unknown,
    headers?: Record<string, string>,
  ): Promise<Answer>;
  raw(method: string, path: string, headers?: Record<string, string>): Promise<Response>;
  /** Opens a watch; it must be closed. */
  watch(path: string, headers?: Record<string, string>): Promise<Watch>;
  [Symbol.asyncDispose](): Promise<void>;
}

export interface WatchedEvent {
  readonly type: string;
  // deno-lint-ignore no-explicit-any -- tests read objects of every kind
  readonly object: any;
}

export interface Watch {
  /** The next event; undefined at the end of the watch. */
  next(): Promise<WatchedEvent | undefined>;
  /** The next events, each as `TYPE name`. */
  take(count: number): Promise<string[]>;
  close(): Promise<void>;
}

/** The control plane in one process, with a store in memory and the namespaces of a new cluster. */
export async function startApi(
  { historyLimits, ledger, ...options }: Partial<ApiOptions> & {
    historyLimits?: HistoryLimits;
    /** Instead of an empty one in memory; the API's end closes it. */
    ledger?: Ledger;
  } = {},
): Promise<Harness> {
  const log = () => {};
  const limits = historyLimits && { historyLimits };
  const { clock = CLOCK } = options;
  const store = await openStore(ledger ?? new MemoryLedger(), { clock, log, ...limits });
  const volatileStore = await openStore(new MemoryLedger(), { clock, log });
  const api = createApi({
    store,
    volatileStore,
    kinds: KINDS,
    clock: CLOCK,
    random: Math.random,
    newUid: () => crypto.randomUUID(),
    tokens: new Map([[ADMIN_TOKEN, { name: "admin", groups: ["system:masters"] }]]),
    log,
    version: VERSION,
    ...options,
  });
  const { serviceCidr } = DEFAULT_NETWORK;
  await api.bootstrap(bootstrapObjects({ serviceCidr, address: "192.0.2.1", port: 6443 }));
  const raw = async (method: string, path: string, headers = {}, body?: string) =>
    await api.fetch(
      new Request(`http://api${path}`, {
        method,
        headers: { authorization: `Bearer ${ADMIN_TOKEN}`, ...headers },
        ...(body !== undefined && { body }),
      }),
    );
  return {
    api,
    store,
    raw,
    watch: async (path, headers) => watchOf(await raw("GET", path, headers)),
    async call(method, path, body, headers = {}) {
      const sent = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
      const type: Record<string, string> = sent === undefined
        ? {}
        : { "content-type": "application/json" };
      const response = await raw(method, path, { ...type, ...headers }, sent);
      const text = await response.text();
      const isJson = response.headers.get("content-type")?.startsWith("application/json");
      const read = isJson && text !== "" ? JSON.parse(text) : text;
      return { code: response.status, body: read, headers: response.headers };
    },
    async [Symbol.asyncDispose]() {
      api.close();
      await store.close();
      await volatileStore.close();
    },
  };
}

export function podNamed(name: string, more: Json = {}): Json {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name },
    spec: { containers: [{ name: "a", image: "nginx" }] },
    ...more,
  };
}

function watchOf(response: Response): Watch {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const lines: string[] = [];
  let rest = "";
  const next = async (): Promise<WatchedEvent | undefined> => {
    while (lines.length === 0) {
      const { done, value } = await reader.read();
      if (done) return undefined;
      const parts = (rest + value).split("\n");
      rest = parts.pop() ?? "";
      lines.push(...parts);
    }
    return JSON.parse(lines.shift()!);
  };
  return {
    next,
    async take(count) {
      const events: string[] = [];
      while (events.length < count) {
        const event = await next();
        if (event === undefined) return [...events, "END"];
        events.push(`${event.type} ${event.object.metadata?.name ?? event.object.reason}`);
      }
      return events;
    },
    close: () => reader.cancel(),
  };
}
