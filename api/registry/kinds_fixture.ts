import type { KubeObject } from "../types/meta.ts";
import { decode } from "../types/decode.ts";
import { describe } from "../types/field_errors.ts";
import { StatusError } from "../types/status.ts";
import { MemoryLedger, type MemoryMedium } from "../../store/memory_ledger.ts";
import { openStore } from "../../store/mvcc_store.ts";
import type { Store } from "../../store/store.ts";
import { tableColumns } from "./columns.ts";
import { type ClusterNetwork, DEFAULT_NETWORK, kindsOf } from "./kinds.ts";
import type { AnyKind, Moment } from "./kind.ts";
import { prepareCreate } from "./plan_create.ts";
import { planUpdate } from "./plan_update.ts";
import { Registry } from "./registry.ts";
import type { WriteOptions } from "./write_options.ts";

/** What the tests of the kinds share: a moment that stands still, and a cluster in memory. */

export const NOW = "2026-01-01T12:00:00Z";

export const MOMENT: Moment = { now: NOW, newUid: () => "uid-1", random: () => 0 };

export const WRITE: WriteOptions = { isDryRun: false, fieldValidation: "Strict" };

type Json = Readonly<Record<string, unknown>>;

/** `json` as it would be stored, before admission. `apiVersion` and `kind` may be left out. */
export function prepared<T extends KubeObject>(kind: AnyKind, json: Json): T {
  const { resource, schema } = kind;
  const { apiVersion, kind: name } = resource;
  const { object } = decode<KubeObject>(schema, { apiVersion, kind: name, ...json });
  return prepareCreate(kind, object, resource.isNamespaced ? "default" : "", MOMENT) as T;
}

/** Every reason why `json` may not be created, as `path: text`; [] when it may. */
export function refusals(kind: AnyKind, json: Json): string[] {
  return reasonsOf(() => prepared(kind, json));
}

/** Every reason why `old`, created first, may not become what `change` makes of it. */
export function updateRefusals<T extends KubeObject>(
  kind: AnyKind,
  old: Json,
  change: (object: T) => KubeObject,
): string[] {
  const stored = prepared<T>(kind, old);
  return reasonsOf(() =>
    planUpdate(kind, change(structuredClone(stored)), stored, NOTHING, MOMENT)
  );
}

const NOTHING = { revision: 0, get: () => undefined, list: () => [] };

function reasonsOf(act: () => unknown): string[] {
  try {
    act();
    return [];
  } catch (error) {
    if (error instanceof StatusError && error.reason === "Invalid") {
      return error.causes.map(describe);
    }
    throw error;
  }
}

/** The row of `kubectl get -o wide`, by column. */
export function rowOf(kind: AnyKind, object: KubeObject): Record<string, unknown> {
  return Object.fromEntries(tableColumns(kind).map(({ name, cell }) => [name, cell(object, NOW)]));
}

export interface Cluster {
  readonly store: Store;
  /** @throws {RangeError} for a resource that is not there */
  registry(resource: string): Registry;
}

/** The kinds over one store in memory, which lives as long as `medium`. Choices are made with `random`. */
export function openCluster(
  { network = {}, medium, random = () => 0 }: {
    network?: Partial<ClusterNetwork>;
    medium?: MemoryMedium;
    random?: () => number;
  } = {},
): Promise<Cluster> {
  const clock = {
    now: () => Date.parse(NOW),
    sleep: () => Promise.resolve(),
    after: () => () => {},
  };
  let uids = 0;
  const newUid = () => `uid-${++uids}`;
  return openStore(new MemoryLedger(medium), { clock, log: () => {} }).then((store) => {
    const around = { store, volatileStore: store, admission: [], clock, random, newUid };
    const kinds = kindsOf({ ...DEFAULT_NETWORK, ...network });
    const registry = (resource: string) => {
      const kind = kinds.find((one) => one.resource.resource === resource);
      if (kind === undefined) throw new RangeError(`No kind serves ${resource}`);
      return new Registry(kind, around);
    };
    return { store, registry };
  });
}
