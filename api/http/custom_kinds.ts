import {
  CUSTOM_RESOURCE_DEFINITIONS,
  type CustomResourceDefinition,
} from "../types/apiextensions_v1.ts";
import type { Clock, Log } from "../types/ambient.ts";
import { customKinds } from "../registry/custom_kind.ts";
import {
  CLEANUP_FINALIZER,
  isEstablished,
  isTerminating,
  type TakenNames,
  withNamesStatus,
} from "../registry/definition_status.ts";
import { namesOfOthers } from "../registry/customresourcedefinitions.ts";
import { keyOf, prefixOf } from "../registry/keys.ts";
import { secondsOf } from "../registry/times.ts";
import { selectionOf } from "../registry/selection.ts";
import type { Store, StoreEvent } from "../../store/store.ts";
import { hasReason } from "../types/status.ts";
import type { Rules } from "../registry/structural/rules.ts";
import type { Catalog, Served } from "./catalog.ts";

type Definition = CustomResourceDefinition;

export interface CustomKindsParts {
  readonly store: Store;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly log: Log;
  readonly rules: Rules;
}

const DEFINITIONS = prefixOf(CUSTOM_RESOURCE_DEFINITIONS);

/**
 * Keeps the kinds that are served in step with their definitions: as soon as one is written, its kinds are there,
 * and when one is deleted, its objects go first. Other servers' definitions come by the same way.
 */
export class CustomKinds {
  readonly #with: CustomKindsParts;
  readonly #end: () => void;
  /** What each definition was when its kinds were made. */
  readonly #made = new Map<string, string>();
  /** Names of definitions that are being deleted. */
  readonly #ending = new Set<string>();
  /** Definitions that wait for their last object, with how to stop waiting. */
  readonly #emptying = new Map<string, () => void>();

  constructor(parts: CustomKindsParts) {
    this.#with = parts;
    const { store } = parts;
    const { revision } = store;
    for (const { object } of store.list(DEFINITIONS)) this.#serve(object as Definition);
    this.#end = store.watch(DEFINITIONS, revision, (events) => events.forEach((e) => this.#see(e)));
  }

  close(): void {
    this.#end();
    for (const stop of this.#emptying.values()) stop();
    this.#emptying.clear();
  }

  #see({ type, current }: StoreEvent): void {
    const definition = current.object as Definition;
    if (type === "PUT") return this.#serve(definition);
    const { name } = definition.metadata;
    this.#made.delete(name);
    this.#ending.delete(name);
    this.#stopEmptying(name);
    this.#with.catalog.replace(name, []);
    this.#rename(definition);
  }

  #serve(definition: Definition): void {
    const { name } = definition.metadata;
    const isEnding = isTerminating(definition);
    if (isEnding) this.#ending.add(name);
    if (isEstablished(definition)) this.#make(isEnding ? inSomeVersion(definition) : definition);
    if (isEnding) this.#empty(definition);
  }

  #make(definition: Definition): void {
    const { metadata: { name, uid }, spec } = definition;
    const form = JSON.stringify([uid, spec]);
    if (this.#made.get(name) === form) return;
    this.#made.set(name, form);
    const ending = this.#ending;
    const kinds = customKinds(definition, this.#with.rules).map((kind) => ({
      ...kind,
      get isEnding() {
        return ending.has(name);
      },
    }));
    this.#with.catalog.replace(name, kinds);
  }

  /** Objects go as by a deletion of each; those that something holds are waited for. */
  #empty(definition: Definition): void {
    const { name } = definition.metadata;
    const isHeld = definition.metadata.finalizers?.includes(CLEANUP_FINALIZER) ?? false;
    const served = this.#servedBy(definition);
    if (!isHeld || this.#emptying.has(name)) return;
    if (served === undefined) return this.#letGo(name);
    const { store } = this.#with;
    const prefix = prefixOf(served.kind.resource);
    const settle = () => {
      if (store.list(prefix).length === 0) this.#letGo(name);
    };
    const stop = store.watch(prefix, store.revision, (events) => {
      if (events.some(({ type }) => type === "DELETE")) settle();
    });
    this.#emptying.set(name, stop);
    const everything = selectionOf(served.kind, "", "");
    served.registry.deleteCollection(undefined, everything, {}, { isDryRun: false }).then(
      settle,
      (error) => this.#failed("empty", name, error),
    );
  }

  #servedBy({ metadata }: Definition): Served | undefined {
    return this.#with.catalog.madeBy(metadata.name)[0];
  }

  #stopEmptying(name: string): void {
    this.#emptying.get(name)?.();
    this.#emptying.delete(name);
  }

  #letGo(name: string): void {
    this.#stopEmptying(name);
    const key = keyOf(CUSTOM_RESOURCE_DEFINITIONS, "", name);
    this.#with.store.commit((view) => {
      const object = view.get(key)?.object as Definition | undefined;
      if (object === undefined || !isTerminating(object)) return [];
      const { finalizers = [], ...metadata } = object.metadata;
      const rest = finalizers.filter((one) => one !== CLEANUP_FINALIZER);
      if (rest.length === 0) return [{ key, object: undefined }];
      return [{ key, object: { ...object, metadata: { ...metadata, finalizers: rest } } }];
    }).catch((error) => this.#failed("let go", name, error));
  }

  /** Names that the definition had are free: others may have waited for them. */
  #rename(gone: Definition): void {
    const { store, clock } = this.#with;
    const now = secondsOf(clock.now());
    const waiting = store.list(DEFINITIONS).filter(({ object }) => {
      const { spec } = object as Definition;
      return spec.group === gone.spec.group && !isSettled(object as Definition);
    });
    for (const { key, object: { metadata: { name } } } of waiting) {
      store.commit((view) => {
        const object = view.get(key)?.object as Definition | undefined;
        if (object === undefined) return [];
        const others: TakenNames[] = namesOfOthers(object, view);
        const named = withNamesStatus(object, others, now);
        return named === object ? [] : [{ key, object: named }];
      }).catch((error) => this.#failed("name", name, error));
    }
  }

  #failed(what: string, name: string, error: unknown): void {
    if (hasReason(error, "NotFound")) return;
    this.#stopEmptying(name);
    this.#with.log(`Cannot ${what} the objects of a definition`, { name, error });
  }
}

/** Objects that no version shows any more must go with the others. */
function inSomeVersion(definition: Definition): Definition {
  const { spec } = definition;
  if (spec.versions.some(({ served }) => served)) return definition;
  const versions = spec.versions.map((version) => ({ ...version, served: version.storage }));
  return { ...definition, spec: { ...spec, versions } };
}

function isSettled({ status }: Definition): boolean {
  return status?.conditions?.some(({ type, status }) =>
    type === "NamesAccepted" && status === "True"
  ) ?? false;
}
