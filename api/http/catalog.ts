import type { Log } from "../types/ambient.ts";
import { groupOf } from "../registry/keys.ts";
import type { ActionSubresource, AnyKind } from "../registry/kind.ts";
import { Registry, type Surroundings } from "../registry/registry.ts";
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

/** Finds what a path names: each kind under its own name and its aliases. */
export class Catalog {
  readonly all: readonly Served[];
  readonly #byPath = new Map<string, Served>();
  readonly #actions = new Map<string, ServedAction>();

  constructor(kinds: readonly AnyKind[], around: Surroundings, log: Log) {
    this.all = kinds.map((kind) => {
      const registry = new Registry(kind, around);
      return { kind, registry, hub: new WatchHub(registry, around.clock, log) };
    });
    for (const served of this.all) this.#add(served);
  }

  find(apiVersion: string, resource: string): Served | undefined {
    return this.#byPath.get(`${apiVersion}/${resource}`);
  }

  action(apiVersion: string, resource: string): ServedAction | undefined {
    return this.#actions.get(`${apiVersion}/${resource}`);
  }

  hasVersion(apiVersion: string): boolean {
    return this.all.some(({ kind }) => kind.resource.apiVersion === apiVersion);
  }

  hasGroup(group: string): boolean {
    return this.all.some(({ kind }) => groupOf(kind.resource.apiVersion) === group);
  }

  #add(served: Served): void {
    const { resource, aliases = [], subresources = {} } = served.kind;
    const { apiVersion } = resource;
    for (const name of [resource.resource, ...aliases]) {
      this.#byPath.set(`${apiVersion}/${name}`, served);
    }
    for (const subresource of Object.values(subresources)) {
      if (subresource.does !== "action" || subresource.collection === undefined) continue;
      const path = `${apiVersion}/${subresource.collection}`;
      this.#actions.set(path, { served, action: subresource });
    }
  }
}
