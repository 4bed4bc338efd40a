import http2 from "node:http2";
import type { EtcdConnect } from "../store/etcd_client.ts";
import { openEtcdLedger } from "../store/etcd_ledger.ts";
import type { Ledger } from "../store/ledger.ts";
import { realClock } from "./clock.ts";
import type { Storage } from "./flags.ts";
import { stderrLog } from "./log.ts";

/** @param prefix of all keys in it: several clusters may share an etcd */
export async function openEtcdLedgerOf(
  endpoints: readonly string[],
  prefix: string,
  storage: Storage,
): Promise<Ledger> {
  const connect = await etcdConnect(storage);
  const newUid = () => crypto.randomUUID();
  return await openEtcdLedger({
    endpoints,
    prefix,
    connect,
    clock: realClock,
    log: stderrLog("store"),
    newUid,
  });
}

async function etcdConnect(
  { etcdCaFile, etcdCertFile, etcdKeyFile }: Storage,
): Promise<EtcdConnect> {
  const read = (path: string) => path === "" ? undefined : Deno.readTextFile(path);
  const [ca, cert, key] = await Promise.all([etcdCaFile, etcdCertFile, etcdKeyFile].map(read));
  const tls = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  return (endpoint) => http2.connect(endpoint, tls);
}
