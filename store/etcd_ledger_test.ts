import { type Etcd, hasEtcd, startEtcd } from "../tests/fixtures/etcd.ts";
import { type Medium, testLedger } from "./ledger_contract.ts";
import { testStore } from "./store_contract.ts";

/** One etcd for all tests of this file: each has a prefix of its own. It ends with the process. */
let shared: Promise<Etcd> | undefined;
let prefixes = 0;

async function onEtcd(): Promise<Medium> {
  const etcd = await (shared ??= startEtcd());
  const prefix = `/test-${prefixes++}/`;
  return { open: () => etcd.open(prefix), remove: () => Promise.resolve() };
}

if (hasEtcd) {
  testLedger("EtcdLedger", onEtcd);
  testStore("EtcdLedger", onEtcd);
} else Deno.test.ignore("EtcdLedger: there is no etcd", () => {});
Deno.test.afterAll(async () => await (await shared)?.stop());
