import { request } from "node:https";
import { hasReason } from "../api/types/status.ts";
import { HttpApi } from "../client/http_api.ts";
import { realClock } from "./clock.ts";
import { CLUSTER_INFO, CLUSTER_INFO_NAMESPACE, hashOfAuthority } from "./cluster_info.ts";
import { readRecord, writeRecord } from "./cluster_record.ts";
import { connectAsNode, type NodeConnection } from "./connection.ts";
import { readIfThere, writeWhole } from "./files.ts";
import type { Settings } from "./flags.ts";
import { stderrLog } from "./log.ts";
import type { NodeAccess } from "./node_access.ts";
import {
  clientCertificateOf,
  NODE_CLIENT_FILE,
  NODE_SERVING_FILE,
  type NodeCertificate,
  obtain,
  servingCertificateOf,
  stateIn,
} from "./node_certificates.ts";
import type { ClusterInfo } from "./read_cluster_info.ts";
import type { Paths } from "./paths.ts";
import { CA_FILE, readTls, type TlsFiles } from "./pki.ts";

const ANSWER_TIMEOUT_MS = 10_000;
/** Certificates last for months: to look twice a day is often enough. */
const LOOK_MS = 12 * 60 * 60 * 1000;
const CLUSTER_INFO_PATH = `/api/v1/namespaces/${CLUSTER_INFO_NAMESPACE}/configmaps/${CLUSTER_INFO}`;

const log = stderrLog("join");

/**
 * Makes this host a node of the cluster behind `--server`, or finds that it is one: after the first time, neither
 * token nor server is needed for a start.
 * @throws {Error} one sentence that begins with "Cannot join"
 */
export async function joinCluster(
  asked: Settings,
  paths: Paths,
  signal: AbortSignal,
): Promise<NodeAccess> {
  const { join: { server } } = asked;
  try {
    await rejectMaster(paths);
    const settings = await sharedSettings(asked, paths);
    const client = clientCertificateOf(settings.nodeName);
    const serving = servingCertificateOf(settings.nodeName, settings.advertiseAddress);
    await ensureClient(client, settings, paths);
    const connection = connectAsNode(server, await readTls(paths.pki, NODE_CLIENT_FILE));
    if (await stateIn(paths.pki, serving, Date.now()) === "useless") {
      await obtain(serving, { api: connection.api, pki: paths.pki });
    }
    return {
      settings,
      connection,
      tls: await readTls(paths.pki, NODE_SERVING_FILE),
      keepFresh: (onServing) =>
        keepFresh([client, serving], { connection, paths, signal, onServing }),
    };
  } catch (error) {
    throw new Error(`Cannot join ${server}: ${sentenceOf(error)}`, { cause: error });
  }
}

/** The authority's key would be overwritten, and with it the cluster. */
async function rejectMaster({ pki, dataDir }: Paths): Promise<void> {
  if (await readIfThere(`${pki}/${CA_FILE}.key`) === undefined) return;
  throw new Error(`${dataDir} holds a cluster of its own: say another --data-dir`);
}

/** From the cluster the first time, afterwards from the folder. */
async function sharedSettings(asked: Settings, paths: Paths): Promise<Settings> {
  const caPem = await readIfThere(`${paths.pki}/${CA_FILE}.crt`);
  const record = await readRecord(asked.dataDir);
  const { join: { caHash } } = asked;
  if (caPem !== undefined && caHash !== "" && hashOfAuthority(caPem) !== caHash) {
    throw new Error(`${asked.dataDir} belongs to another cluster: say another --data-dir`);
  }
  if (caPem !== undefined && record !== undefined) {
    const { clusterName, clusterCidr, serviceCidr, overlay } = record.settings;
    return { ...asked, clusterName, clusterCidr, serviceCidr, overlay };
  }
  const { shared, caPem: authority } = await discover(asked);
  if (shared.clusterName !== asked.clusterName) {
    throw new Error(`it is the cluster ${shared.clusterName}: say that as --cluster-name`);
  }
  const settings = { ...asked, ...shared };
  await Deno.mkdir(paths.pki, { recursive: true, mode: 0o700 });
  await writeWhole(`${paths.pki}/${CA_FILE}.crt`, authority, 0o644);
  await writeRecord({ ...settings, join: { ...settings.join, token: "" } });
  return settings;
}

/**
 * Reads what everybody may read, from a server that is not known yet, and then again from one that is: what the
 * first reading says counts for nothing but the authority, which the hash vouches for.
 */
async function discover({ join: { server, token, caHash } }: Settings): Promise<ClusterInfo> {
  if (token === "" || caHash === "") {
    throw new Error("--token and --ca-hash are needed the first time, as `token` prints them");
  }
  const { caPem } = await askFor(server, undefined);
  const hash = hashOfAuthority(caPem);
  if (hash !== caHash) {
    throw new Error(`its authority is ${hash}, and not the one that --ca-hash names`);
  }
  const known = await askFor(server, caPem);
  if (hashOfAuthority(known.caPem) !== caHash) throw new Error("it names two authorities");
  return known;
}

/** @param ca undefined: whoever answers */
async function askFor(server: string, ca: string | undefined): Promise<ClusterInfo> {
  const trust = ca === undefined ? { rejectUnauthorized: false } : { ca };
  const { status, text } = await new Promise<{ status: number; text: string }>((done, fail) => {
    const options = { ...trust, agent: false as const, timeout: ANSWER_TIMEOUT_MS };
    const asking = request(`${server}${CLUSTER_INFO_PATH}`, options, (answer) => {
      const chunks: Uint8Array[] = [];
      answer.on("data", (chunk: Uint8Array) => chunks.push(chunk));
      answer.on("error", fail);
      answer.on("end", () => {
        done({ status: answer.statusCode ?? 0, text: Buffer.concat(chunks).toString() });
      });
    });
    asking.on("error", fail);
    asking.on("timeout", () => {
      asking.destroy(new Error(`no answer within ${ANSWER_TIMEOUT_MS / 1000} s`));
    });
    asking.end();
  });
  if (status === 200) {
    const { readClusterInfo } = await import("./read_cluster_info.ts"); // with the reader of YAML
    return readClusterInfo(JSON.parse(text));
  }
  throw new Error(`it answers ${status} to who asks for ${CLUSTER_INFO}: is it a Wherry of today?`);
}

async function ensureClient(
  client: NodeCertificate,
  { join: { server, token } }: Settings,
  { pki }: Paths,
): Promise<void> {
  if (await stateIn(pki, client, Date.now()) !== "useless") return;
  if (token === "") throw new Error("this host has no certificate yet: say --token");
  const caCerts = [await Deno.readTextFile(`${pki}/${CA_FILE}.crt`)];
  using http = Deno.createHttpClient({ caCerts });
  const api = new HttpApi({
    ...{ baseUrl: server, token, userAgent: "kubelet" },
    fetch: (asked) => fetch(asked, { client: http }),
  });
  await obtain(client, { api, pki });
  log("joined", { server, node: client.nodeName });
}

interface Keeping {
  readonly connection: NodeConnection;
  readonly paths: Paths;
  readonly signal: AbortSignal;
  readonly onServing: (tls: TlsFiles) => void;
}

async function keepFresh(
  certificates: readonly NodeCertificate[],
  { connection, paths: { pki }, signal, onServing }: Keeping,
): Promise<void> {
  while (!signal.aborted) {
    for (const wanted of certificates) {
      try {
        if (await stateIn(pki, wanted, Date.now()) === "good") continue;
        await obtain(wanted, { api: connection.api, pki });
        const tls = await readTls(pki, wanted.file);
        if (wanted.file === NODE_SERVING_FILE) onServing(tls);
        else connection.renew(tls);
        log("renewed a certificate", { file: wanted.file });
      } catch (error) {
        log("Cannot renew a certificate", { file: wanted.file, error });
      }
    }
    await realClock.sleep(LOOK_MS, signal);
  }
}

function sentenceOf(error: unknown): string {
  if (hasReason(error, "Unauthorized")) {
    return "the token is wrong, or its time is over: make another with `token` on a master";
  }
  const { code, message } = error as { code?: string; message: string };
  if (code === "ECONNREFUSED") return "nobody listens there";
  if (code === "ENOTFOUND") return "there is no such host";
  return message;
}
