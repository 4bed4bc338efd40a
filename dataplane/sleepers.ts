import { HostRing } from "./host_ring.ts";
import type { BpfMap, BpfObject } from "./libbpf.ts";
import * as maps from "./maps.ts";
import type { PodAddress } from "./rules.ts";

/** Is told the name of a rule. */
export type Attempted = (rule: string) => void;

/** The kernel's list of services that may sleep, and what it tells of those who ask for one. */
export class Sleepers {
  readonly #map: BpfMap;
  readonly #attempts: BpfMap;
  /** What the map holds, by id; undefined: an earlier process may have left something. */
  #have: ReadonlyMap<number, PodAddress | undefined> | undefined;
  #names: ReadonlyMap<number, string> = new Map();
  /** Followed only once a service may sleep. */
  #ring: HostRing | undefined;
  readonly #listeners: Attempted[] = [];

  constructor(object: BpfObject) {
    this.#map = object.map("sleepers");
    this.#attempts = object.map("attempts");
  }

  onAttempt(listener: Attempted): void {
    this.#listeners.push(listener);
  }

  write(
    holders: ReadonlyMap<string, PodAddress | undefined>,
    idOf: (rule: string) => number | undefined,
  ): void {
    if (holders.size === 0 && this.#have?.size === 0) return;
    const have = this.#have ?? this.#left();
    this.#have = undefined; // until all is written
    const want = new Map<number, PodAddress | undefined>();
    const names = new Map<number, string>();
    for (const [name, holder] of holders) {
      const id = idOf(name);
      if (id === undefined || want.size === maps.SLEEPERS_MAX) continue;
      want.set(id, holder);
      names.set(id, name);
    }
    const gone = [...have.keys()].filter((id) => !want.has(id));
    const news = [...want].filter(([id, holder]) => !have.has(id) || !isSame(have.get(id), holder));
    const values = maps.encodeSleepers(news.map(([, holder]) => holder));
    this.#map.update(news.length, maps.encodeIds(news.map(([id]) => id)), values);
    this.#map.delete(gone.length, maps.encodeIds(gone));
    this.#names = names;
    this.#have = want;
    if (want.size > 0) this.#ring ??= new HostRing(this.#attempts, (told) => this.#tell(told));
  }

  /** Without holders: those of an earlier process listen no more. */
  #left(): Map<number, undefined> {
    const { SLEEPERS_MAX, ID_BYTES, SLEEPER_BYTES } = maps;
    const { count, keys } = this.#map.read(SLEEPERS_MAX, ID_BYTES, SLEEPER_BYTES);
    this.#map.delete(count, keys.slice(0, count * ID_BYTES));
    return new Map();
  }

  #tell(message: Uint8Array): void {
    const [id = 0] = maps.decodeIds(message, 1);
    const name = this.#names.get(id);
    if (name === undefined) return; // its service has gone meanwhile
    for (const listener of this.#listeners) listener(name);
  }

  async close(): Promise<void> {
    await this.#ring?.close();
  }
}

function isSame(a: PodAddress | undefined, b: PodAddress | undefined): boolean {
  return a?.ip === b?.ip && a?.port === b?.port;
}
