import type { Clock } from "../../api/types/ambient.ts";
import type { TokenRequest } from "../../api/types/authentication_v1.ts";
import { LEASES } from "../../api/types/coordination_v1.ts";
import type { KubeObject } from "../../api/types/meta.ts";
import type { Resource } from "../../api/types/resources.ts";
import { hasReason, StatusError } from "../../api/types/status.ts";
import type {
  Api,
  DeleteOptions,
  List,
  ListOptions,
  PatchType,
  WatchEvent,
  WatchOptions,
} from "../../client/api.ts";
import { type Life, never } from "./life.ts";
import type { Dice } from "./seeded.ts";
import { type SimulatedServer, unreachable } from "./server.ts";

/** How often each thing goes wrong, for each message. */
export interface Weather {
  /** The request never arrives. */
  readonly dropped: number;
  /** It is carried out and nobody hears of it. */
  readonly lost: number;
  readonly delayed: number;
  readonly delayMsMax: number;
  /** It arrives twice. */
  readonly duplicated: number;
  /** Somebody else was faster. */
  readonly conflict: number;
  /** A watch has to list again, or breaks off. */
  readonly expired: number;
  readonly broken: number;
}

export const CALM: Weather = {
  dropped: 0,
  lost: 0,
  delayed: 0,
  delayMsMax: 0,
  duplicated: 0,
  conflict: 0,
  expired: 0,
  broken: 0,
};

/** A caller of the network gives up after this. */
const PATIENCE_MS = 15_000;
/** Nothing arrives faster than this. */
const LATENCY_MS = 1;

export interface LinkOptions {
  readonly server: SimulatedServer;
  readonly clock: Clock;
  readonly dice: Dice;
  readonly life: Life;
  readonly hears: LinkHears;
  /** A lease that its owner sent then, by the clock above, has come off. */
  readonly onRenewed?: (sentAt: number) => void;
}

export interface LinkHears {
  /** A create was carried out, and its caller does not know. */
  onLostCreate(object: KubeObject): void;
  onViolation(what: string): void;
}

/** A part of the cable between one process and the API server, which all processes of a host share. */
export class Cable {
  weather: Weather = CALM;
  #healed: PromiseWithResolvers<void> | undefined;
  /** Of cuts so far: what was open before one is dead after it. */
  cuts = 0;

  get isCut(): boolean {
    return this.#healed !== undefined;
  }

  cut(): void {
    if (this.isCut) return;
    this.cuts += 1;
    this.#healed = Promise.withResolvers();
  }

  heal(): void {
    this.#healed?.resolve();
    this.#healed = undefined;
  }

  /** Resolves at once where nothing is cut. */
  async healed(): Promise<void> {
    await this.#healed?.promise;
  }
}

/** The API in the hands of one process, with everything between the two that may go wrong. */
export class Link implements Api {
  readonly #with: LinkOptions;
  readonly #cable: Cable;

  constructor(cable: Cable, options: LinkOptions) {
    this.#cable = cable;
    this.#with = options;
  }

  get<T extends KubeObject>(resource: Resource<T>, namespace: string, name: string): Promise<T> {
    return this.#ask((api) => api.get(resource, namespace, name));
  }

  list<T extends KubeObject>(resource: Resource<T>, options?: ListOptions): Promise<List<T>> {
    return this.#ask((api) => api.list(resource, options));
  }

  create<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    const created = this.#ask((api) => api.create(resource, object), {
      onLost: () => this.#with.hears.onLostCreate(object),
    });
    return this.#renewing(resource, created);
  }

  update<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    return this.#ask((api) => api.update(resource, object), { mayConflict: true, mayRepeat: true });
  }

  updateStatus<T extends KubeObject>(resource: Resource<T>, object: T): Promise<T> {
    const also = { mayConflict: true, mayRepeat: true };
    return this.#ask((api) => api.updateStatus(resource, object), also);
  }

  patch<T extends KubeObject>(
    resource: Resource<T>,
    target: { namespace: string; name: string; subresource?: string },
    type: PatchType,
    patch: unknown,
  ): Promise<T> {
    return this.#renewing(
      resource,
      this.#ask((api) => api.patch(resource, target, type, patch)),
    );
  }

  async #renewing<T extends KubeObject>(resource: Resource<T>, write: Promise<T>): Promise<T> {
    const { clock, onRenewed } = this.#with;
    const sentAt = clock.now();
    const written = await write;
    if (resource.resource === LEASES.resource) onRenewed?.(sentAt);
    return written;
  }

  delete<T extends KubeObject>(
    resource: Resource<T>,
    namespace: string,
    name: string,
    options?: DeleteOptions,
  ): Promise<void> {
    const mayRepeat = options?.uid !== undefined;
    return this.#ask((api) => api.delete(resource, namespace, name, options), { mayRepeat });
  }

  deleteCollection<T extends KubeObject>(
    resource: Resource<T>,
    options: ListOptions & DeleteOptions,
  ): Promise<void> {
    return this.#ask((api) => api.deleteCollection(resource, options));
  }

  bind(namespace: string, podName: string, podUid: string, nodeName: string): Promise<void> {
    const bind = (api: Api) => api.bind(namespace, podName, podUid, nodeName);
    return this.#ask(bind, { mayRepeat: true });
  }

  requestToken(namespace: string, account: string, request: TokenRequest): Promise<TokenRequest> {
    return this.#ask((api) => api.requestToken(namespace, account, request));
  }

  replace<T extends KubeObject>(
    resource: Resource<T>,
    object: T,
    subresource: string,
  ): Promise<T> {
    return this.#ask((api) => api.replace(resource, object, subresource), { mayConflict: true });
  }

  async *watch<T extends KubeObject>(
    resource: Resource<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncGenerator<WatchEvent<T>, void, void> {
    const { server, life, dice } = this.#with;
    await this.#arrive();
    const { cuts } = this.#cable;
    if (dice.chance(this.#cable.weather.expired)) throw expired();
    const api = server.connected();
    const connection = AbortSignal.any([signal, life.signal, server.signal]);
    let last = Number(options.resourceVersion);
    for await (const event of api.watch(resource, options, connection)) {
      last = this.#rising(resource, last, event);
      await this.#delay();
      await this.#cable.healed();
      if (life.isOver) await never();
      if (signal.aborted) return;
      const isDead = this.#cable.cuts !== cuts || dice.chance(this.#cable.weather.broken);
      if (isDead) throw unreachable("connection reset");
      yield event;
      if (dice.chance(this.#cable.weather.duplicated)) yield event;
    }
    if (server.signal.aborted) throw unreachable("connection reset");
  }

  #rising<T extends KubeObject>(
    { resource }: Resource<T>,
    last: number,
    { type, object: { metadata } }: WatchEvent<T>,
  ): number {
    const revision = Number(metadata.resourceVersion);
    if (revision > last || (type === "BOOKMARK" && revision === last)) return revision;
    const what = `${type} ${metadata.name} at ${revision} after ${last}`;
    this.#with.hears.onViolation(`a watch of ${resource} goes back: ${what}`);
    return revision;
  }

  async #ask<R>(
    ask: (api: Api) => Promise<R>,
    { mayConflict = false, mayRepeat = false, onLost = () => {} } = {},
  ): Promise<R> {
    const { server, life, dice } = this.#with;
    await this.#arrive();
    const { weather } = this.#cable;
    if (dice.chance(weather.dropped)) throw unreachable("request lost");
    if (mayConflict && dice.chance(weather.conflict)) throw conflict();
    const isRepeated = mayRepeat && dice.chance(weather.duplicated);
    const { cuts } = this.#cable;
    const answer = server.answer(ask).catch((error) => {
      // what the store could not tell may turn up
      if (!server.isUp || hasReason(error, "ServiceUnavailable")) onLost();
      throw error;
    });
    if (isRepeated) void this.#delay().then(() => server.answer(ask)).catch(() => {});
    const result = await answer;
    const isLost = dice.chance(weather.lost) || this.#cable.cuts !== cuts;
    if (isLost || life.isOver) onLost();
    await this.#delay();
    if (life.isOver) return await never();
    if (isLost) throw unreachable("answer lost");
    return result;
  }

  /** A cut cable is waited for as long as a caller's patience lasts. */
  async #arrive(): Promise<void> {
    const { clock, life } = this.#with;
    await clock.sleep(LATENCY_MS);
    await this.#delay();
    if (this.#cable.isCut) {
      await Promise.race([this.#cable.healed(), clock.sleep(PATIENCE_MS)]);
      if (life.isOver) await never();
      if (this.#cable.isCut) throw unreachable("timed out");
    }
    if (life.isOver) await never();
  }

  async #delay(): Promise<void> {
    const { clock, dice } = this.#with;
    const { delayed, delayMsMax } = this.#cable.weather;
    if (dice.chance(delayed)) await clock.sleep(dice.between(1, delayMsMax));
  }
}

function expired(): StatusError {
  return new StatusError("Expired", "too old resource version");
}

function conflict(): StatusError {
  return new StatusError("Conflict", "the object has been modified");
}
