import { EncryptingLedger } from "../store/encrypting_ledger.ts";
import { openKvLedger } from "../store/kv_ledger.ts";
import type { Ledger } from "../store/ledger.ts";
import { MemoryLedger } from "../store/memory_ledger.ts";
import { openStore } from "../store/mvcc_store.ts";
import { parseEncryptionKeys, Sealer } from "../store/sealing.ts";
import type { Store } from "../store/store.ts";
import { realClock } from "./clock.ts";
import { etcdEndpoints, type Settings, type Storage } from "./flags.ts";
import { stderrLog } from "./log.ts";
import type { Paths } from "./paths.ts";

/** Prefixes of the keys of what is stored encrypted. */
export const ENCRYPTED = ["secrets/"];

const log = stderrLog("store");

export interface Stores {
  readonly store: Store;
  /** Of kinds that need not outlive the processes: in memory, or in etcd where several masters share them. */
  readonly volatileStore: Store;
  /** Other masters may be active beside this one. */
  readonly isShared: boolean;
  close(): Promise<void>;
}

/** @param onLost the store can go on no longer, and only a new start helps */
export async function openStores(
  settings: Settings,
  paths: Paths,
  onLost: () => void,
): Promise<Stores> {
  const options = { clock: realClock, log, onLost };
  const store = await openStore(await openLedger(settings, paths), options);
  const volatileStore = await openStore(await openVolatileLedger(settings), options);
  return {
    store,
    volatileStore,
    isShared: store.isShared,
    async close() {
      await volatileStore.close();
      await store.close();
    },
  };
}

/** The ledger of all objects that last, with its encryption. */
export async function openLedger(settings: Settings, paths: Paths): Promise<Ledger> {
  const { storage } = settings;
  const sealer = await readSealer(storage.encryptionKeyFile);
  const endpoints = etcdEndpoints(storage.store);
  const ledger = endpoints === undefined
    ? await openKvLedger(storage.store || paths.store)
    : await openEtcd(endpoints, `${prefixOf(settings)}objects/`, storage);
  return new EncryptingLedger(ledger, sealer, ENCRYPTED);
}

/** Leases are how masters agree on who leads: they must see each other's. */
async function openVolatileLedger(settings: Settings): Promise<Ledger> {
  const endpoints = etcdEndpoints(settings.storage.store);
  if (endpoints === undefined) return new MemoryLedger();
  return await openEtcd(endpoints, `${prefixOf(settings)}leases/`, settings.storage);
}

/** Several clusters may share an etcd. */
function prefixOf({ clusterName }: Settings): string {
  return `/wherry/${clusterName}/`;
}

/** Loaded where there is one. */
async function openEtcd(
  endpoints: readonly string[],
  prefix: string,
  storage: Storage,
): Promise<Ledger> {
  const { openEtcdLedgerOf } = await import("./open_etcd.ts");
  return await openEtcdLedgerOf(endpoints, prefix, storage);
}

/** Of a key file; "" encrypts nothing. */
export async function readSealer(path: string): Promise<Sealer> {
  const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length));
  if (path === "") return new Sealer([], randomBytes);
  try {
    return new Sealer(parseEncryptionKeys(await Deno.readTextFile(path)), randomBytes);
  } catch (error) {
    throw new Error(`Cannot read the keys in ${path}: ${(error as Error).message}`);
  }
}
