import type { Log } from "../types/ambient.ts";
import { groupOf } from "../registry/keys.ts";
import type { ActionSubresource, AnyKind } from "../registry/kind.ts";
import type { Surroundings } from "../registry/commits.ts";
import { Registry } from "../registry/registry.ts";
import type { KubeObject } from "../types/meta.ts";
import { WatchHub } from "./watch_hub.ts";

/** One kind as it is served. */
export interface Served {
  readonly kind: AnyKind;
  readonly registry: Registry;
  readonly hub: WatchHub;
}

/** A collection that takes the POSTs of a subresource, such as `bindings`. */
export interface ServedAction {
  readonly served: Served;
  readonly action: ActionSubresource<KubeObject>;
}

/** Finds what a path names: each kind under its own name and its aliases. Kinds come and go with definitions. */
export class Catalog {
  /** Grows whenever other kinds are served: what was made of the kinds before is out of date. */
  generation = 0;
  readonly #fixed: readonly Served[];
  readonly #made = new Map<string, readonly Served[]>();
  readonly #serve: (kind: AnyKind) => Served;
  #all: readonly Served[] = [];
  #byPath = new Map<string, Served>();
  #actions = new Map<string, ServedAction>();
  #versions: ReadonlySet<string> = new Set();

  constructor(kinds: readonly AnyKind[], around: Surroundings, log: Log) {
    this.#serve = (kind) => {
      const registry = new Registry(kind, around);
      return { kind, registry, hub: new WatchHub(registry, around.clock, log) };
    };
    this.#fixed = kinds.map(this.#serve);
    this.#index();
  }

  get all(): readonly Served[] {
    return this.#all;
  }

  /** The kinds of a definition in the place of those it had. Their watches end: clients list and watch again. */
  replace(definition: string, kinds: readonly AnyKind[]): void {
    for (const { hub } of this.madeBy(definition)) hub.close();
    this.#made.delete(definition);
    if (kinds.length > 0) this.#made.set(definition, kinds.map(this.#serve));
    this.#index();
  }

  madeBy(definition: string): readonly Served[] {
    return this.#made.get(definition) ?? [];
  }

  find(apiVersion: string, resource: string): Served | undefined {
    return this.#byPath.get(`${apiVersion}/${resource}`);
  }

  /** As people name it, in the plural, singular or short, without a group: the kind that is served first under it. */
  named(name: string): Served | undefined {
    return this.#all.find(({ kind: { resource, singular, aliases = [], shortNames = [] } }) =>
      [resource.resource, singular, ...aliases, ...shortNames].includes(name)
    );
  }

  action(apiVersion: string, resource: string): ServedAction | undefined {
    return this.#actions.get(`${apiVersion}/${resource}`);
  }

  hasVersion(apiVersion: string): boolean {
    return this.#versions.has(apiVersion);
  }

  hasGroup(group: string): boolean {
    return this.#all.some(({ kind }) => groupOf(kind.resource.apiVersion) === group);
  }

  #index(): void {
    this.generation += 1;
    this.#all = [...this.#fixed, ...[...this.#made.values()].flat()];
    this.#byPath = new Map();
    this.#actions = new Map();
    this.#versions = new Set(this.#all.map(({ kind }) => kind.resource.apiVersion));
    for (const served of this.#all) this.#add(served);
  }

  /** What is there already stays: no definition takes the place of a kind of the server's own. */
  #add(served: Served): void {
    const { resource, aliases = [], subresources = {} } = served.kind;
    const { apiVersion } = resource;
    for (const name of [resource.resource, ...aliases]) {
      const path = `${apiVersion}/${name}`;
      if (!this.#byPath.has(path)) this.#byPath.set(path, served);
    }
    for (const subresource of Object.values(subresources)) {
      if (subresource.does !== "action" || subresource.collection === undefined) continue;
      const path = `${apiVersion}/${subresource.collection}`;
      this.#actions.set(path, { served, action: subresource });
    }
  }
}
