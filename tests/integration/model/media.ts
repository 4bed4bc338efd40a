import { openKvLedger } from "../../../store/kv_ledger.ts";
import type { Ledger } from "../../../store/ledger.ts";
import { MemoryLedger, MemoryMedium } from "../../../store/memory_ledger.ts";
import { startEtcd } from "../../fixtures/etcd.ts";

/** What a store lies on, once for a whole run: each restart opens it again. */
export interface RunMedium {
  open(): Promise<Ledger>;
  remove(): Promise<void>;
}

/** Under the store of a run: the process's memory, a Deno KV file, or an etcd of its own with so many members. */
export const MEDIA: Readonly<Record<string, () => Promise<RunMedium>>> = {
  memory: () => {
    const medium = new MemoryMedium();
    return Promise.resolve({
      open: () => Promise.resolve(new MemoryLedger(medium)),
      remove: () => Promise.resolve(),
    });
  },
  kv: async () => {
    const folder = await Deno.makeTempDir({ prefix: "wherry-model-" });
    return {
      open: () => openKvLedger(`${folder}/store.db`),
      remove: () => Deno.remove(folder, { recursive: true }),
    };
  },
  etcd: () => onEtcd(1),
  "etcd-3": () => onEtcd(3),
};

async function onEtcd(members: number): Promise<RunMedium> {
  const etcd = await startEtcd(members);
  return { open: () => etcd.open("/model/"), remove: () => etcd.stop() };
}
