import type { Clock } from "../../api/types/ambient.ts";
import type { AgentTransport } from "../../api/http/agents.ts";
import { createApi, type KubeApi } from "../../api/http/app.ts";
import { bootstrapObjects, localStorageClass } from "../../api/registry/bootstrap.ts";
import { DEFAULT_NETWORK, KINDS } from "../../api/registry/kinds.ts";
import { leases } from "../../api/registry/leases.ts";
import { StatusError } from "../../api/types/status.ts";
import type { Api } from "../../client/api.ts";
import { LocalApi } from "../../cmd/local_api.ts";
import { VERSION_INFO } from "../../cmd/version.ts";
import type { Revision } from "../../store/ledger.ts";
import { MemoryLedger, MemoryMedium } from "../../store/memory_ledger.ts";
import { openStore } from "../../store/mvcc_store.ts";
import type { Store, StoreEvent } from "../../store/store.ts";
import { SimulatedDisk } from "./disk.ts";
import { Life, ProcessClock } from "./life.ts";
import { paceOf } from "./pace.ts";
import { Dice, randomFrom, uidsFrom } from "./seeded.ts";

const TOKEN = "simulated";
/** Few, so that a watch that was away for a while has to list again. */
const HISTORY = { events: 400, bytes: 1 << 24, ageMs: 90_000, youngEvents: 100 };

export interface ServerOptions {
  readonly clock: Clock;
  readonly seed: number;
  /** Everything that becomes durable, once and in order. */
  readonly onEvents: (events: readonly StoreEvent[]) => void;
  /** Puts a mistake into the server. */
  readonly sabotage?: { store?(store: Store): Store; api?(api: Api, store: Store): Api };
  readonly agents?: AgentTransport;
}

/** The API server and its store over a medium that survives them. */
export class SimulatedServer {
  readonly medium = new MemoryMedium();
  /** The medium takes no more. */
  isFull = false;
  /** Of a core: what each pod uses. */
  loadMilli = 0;
  store!: Store;
  #api!: KubeApi;
  #client!: Api;
  #life = new Life();
  #died = Promise.withResolvers<never>();
  readonly #with: ServerOptions;
  readonly #newUid: () => string;
  readonly #renewSeconds: (now: number) => number;
  #told: Revision = 0;
  isUp = false;

  constructor(options: ServerOptions) {
    this.#with = options;
    this.#newUid = uidsFrom(randomFrom(options.seed, "uids"));
    this.#renewSeconds = paceOf(options.seed);
    copyInto(this.medium, TEMPLATE);
    this.#told = this.medium.head;
  }

  async start(): Promise<void> {
    if (this.isUp) return;
    this.isUp = true;
    const life = this.#life = new Life();
    this.#died = Promise.withResolvers<never>();
    this.#died.promise.catch(() => {});
    const clock = new ProcessClock(this.#with.clock, life);
    const { sabotage = {}, onEvents, seed, agents } = this.#with;
    const dice = new Dice(randomFrom(seed + this.medium.head, "disk"));
    const ledger = new SimulatedDisk(this.medium, {
      ...{ clock, dice, life },
      isFull: () => this.isFull,
    });
    const store = await openStore(ledger, { clock, log: () => {}, historyLimits: HISTORY });
    const volatileStore = await openStore(new MemoryLedger(), { clock, log: () => {} });
    const random = randomFrom(seed + this.medium.head, "server");
    const api = apiOver(sabotage.store?.(store) ?? store, volatileStore, {
      clock,
      random,
      newUid: this.#newUid,
      renewSeconds: () => this.#renewSeconds(this.#with.clock.now()),
      ...(agents === undefined ? {} : { agents }),
    });
    store.watch("", this.#told, (events) => {
      if (life.isOver) return;
      this.#told = events.at(-1)!.revision;
      onEvents(events);
    });
    const client = new LocalApi(api, TOKEN, "simulation");
    this.store = store;
    this.#api = api;
    this.#client = sabotage.api?.(client, store) ?? client;
  }

  /** What is under way may have become durable, or not; nobody is told. */
  crash(): void {
    if (!this.isUp) return;
    this.isUp = false;
    this.#life.end();
    this.#died.reject(unreachable("connection reset"));
  }

  /** Aborts with this run of the server. */
  get signal(): AbortSignal {
    return this.#life.signal;
  }

  async answer<R>(ask: (api: Api) => Promise<R>): Promise<R> {
    return await Promise.race([ask(this.connected()), this.#died.promise]);
  }

  /** @throws {StatusError} TooManyRequests where a budget forbids it */
  async evict(namespace: string, name: string): Promise<void> {
    const url = `http://master/api/v1/namespaces/${namespace}/pods/${name}/eviction`;
    const request = new Request(url, {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify({
        apiVersion: "policy/v1",
        kind: "Eviction",
        metadata: { namespace, name },
      }),
    });
    const answer = await this.answer(async () => await this.#api.fetch(request));
    if (answer.ok) return;
    const { reason, message } = await answer.json();
    throw new StatusError(reason, message);
  }

  /** @throws {StatusError} ServiceUnavailable while it is down */
  connected(): Api {
    if (!this.isUp) throw unreachable("connection refused");
    return this.#client;
  }
}

export function unreachable(why: string): StatusError {
  return new StatusError("ServiceUnavailable", `Cannot reach the apiserver: ${why}`);
}

interface Ambience {
  readonly clock: Clock;
  readonly random: () => number;
  readonly newUid: () => string;
  readonly renewSeconds: () => number;
  readonly agents?: AgentTransport;
}

function apiOver(
  store: Store,
  volatileStore: Store,
  { renewSeconds, ...ambience }: Ambience,
): KubeApi {
  const paced = leases(renewSeconds);
  return createApi({
    ...ambience,
    store,
    volatileStore,
    kinds: KINDS.map((kind) => kind.resource === paced.resource ? paced : kind),
    tokens: new Map([[TOKEN, { name: "admin", groups: ["system:masters"] }]]),
    log: () => {},
    version: VERSION_INFO,
  });
}

function copyInto(medium: MemoryMedium, { present, records }: MemoryMedium): void {
  for (const [key, object] of present) medium.present.set(key, object);
  medium.records.push(...records);
}

/** A new cluster's store, made once for all runs of the process. */
const TEMPLATE = await newMedium();

async function newMedium(): Promise<MemoryMedium> {
  const medium = new MemoryMedium();
  const clock: Clock = {
    now: () => Date.UTC(2026, 0, 1),
    sleep: () => Promise.resolve(),
    after: () => () => {},
  };
  const open = (ledger: MemoryLedger) => openStore(ledger, { clock, log: () => {} });
  const random = randomFrom(0, "bootstrap");
  const store = await open(new MemoryLedger(medium));
  const ambience = { clock, random, newUid: uidsFrom(random), renewSeconds: () => 3 };
  const api = apiOver(store, await open(new MemoryLedger()), ambience);
  const { serviceCidr } = DEFAULT_NETWORK;
  const objects = bootstrapObjects({ serviceCidr, address: "192.0.2.1", port: 6443 });
  await api.bootstrap(objects, [localStorageClass()]);
  api.close();
  await store.close();
  return medium;
}
