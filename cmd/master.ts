import type { User } from "../api/http/authenticate.ts";
import { createApi, type KubeApi } from "../api/http/app.ts";
import { agentTransport } from "../api/http/agent_transport.ts";
import { type RunningServer, serve } from "../api/http/server.ts";
import { bootstrapObjects } from "../api/registry/bootstrap.ts";
import type { AnyKind } from "../api/registry/kind.ts";
import { kindsOf } from "../api/registry/kinds.ts";
import { ownableResources } from "../api/registry/propagation.ts";
import { runElected } from "../client/election.ts";
import { HttpApi } from "../client/http_api.ts";
import { Informers } from "../client/informer.ts";
import { runControllers } from "../controllers/manager.ts";
import { runScheduler } from "../scheduler/loop.ts";
import { AuditLog, readPolicyFile } from "./audit_log.ts";
import { realClock } from "./clock.ts";
import { serveCopies } from "./copy_socket.ts";
import type { Token } from "./credentials.ts";
import type { Settings } from "./flags.ts";
import { ensureIdentity, serverOf } from "./identity.ts";
import { beginLifetime, untilAborted } from "./lifetime.ts";
import { stderrLog } from "./log.ts";
import { openStores } from "./open_stores.ts";
import { makeDataDir, type Paths, pathsOf } from "./paths.ts";
import { API_SERVER_FILE, API_SERVER_TO_AGENT_FILE, readTls } from "./pki.ts";
import { ensureSigningKey } from "./signing_key.ts";
import { VERSION_INFO } from "./version.ts";

const log = stderrLog("master");

/** Runs API server, scheduler and controllers until a signal. Every write that was answered is durable. */
export async function master(settings: Settings): Promise<void> {
  const paths = pathsOf(settings.dataDir);
  await makeDataDir(paths);
  const lifetime = await beginLifetime("master", paths.pidFile("master"));
  const { tokens } = await ensureIdentity(settings, paths);
  const stores = await openStores(settings, paths, () => void lifetime.end(1));
  const { store, volatileStore } = stores;
  const kinds = kindsOf(networkOf(settings));
  const own = ownToken();
  const auditLog = new AuditLog(settings.audit.log, log);
  const audit = settings.audit.log === "" ? undefined : {
    rules: await readPolicyFile(settings.audit.policy),
    sink: (line: string) => auditLog.write(line),
  };
  const api = createApi({
    store,
    volatileStore,
    kinds,
    clock: realClock,
    random: Math.random,
    newUid: () => crypto.randomUUID(),
    tokens: new Map([...tokens.map(asUser), asUser(own)]),
    agents: agentTransport(await readTls(paths.pki, API_SERVER_TO_AGENT_FILE), realClock),
    log: stderrLog("api"),
    version: VERSION_INFO,
    serviceAccountKey: await ensureSigningKey(paths),
    audit,
  });
  await api.bootstrap(bootstrapObjects({
    serviceCidr: settings.serviceCidr,
    address: settings.advertiseAddress,
    port: settings.apiPort,
  }));
  const server = await listen(api, settings, paths);
  const endCopies = await serveCopies(paths, store, settings.storage.encryptionKeyFile !== "");
  log("ready", { server: serverOf(settings), revision: store.revision });
  const { signal } = lifetime;
  const { isShared } = stores;
  const { ca: caPem } = await readTls(paths.pki, API_SERVER_FILE);
  const components = runComponents({ api, kinds, token: own.token, signal, isShared, caPem });
  await untilAborted(lifetime.signal);
  await components;
  await server.close();
  await endCopies();
  await auditLog.flushed();
  await stores.close();
  await lifetime.end(0);
}

/** For the components in this process; nobody else ever sees it. */
function ownToken(): Token {
  return {
    token: crypto.randomUUID(),
    user: "system:kube-controller-manager",
    uid: "",
    groups: ["system:masters"],
  };
}

function asUser({ token, user, uid, groups }: Token): [string, User] {
  return [token, { name: user, groups, uid }];
}

function networkOf({ serviceCidr, clusterCidr, nodePortRange: { first, last } }: Settings) {
  const [, bits = ""] = clusterCidr.split("/");
  return {
    serviceCidr,
    clusterCidr,
    nodePortRange: [first, last] as const,
    nodePrefixBits: Math.max(NODE_PREFIX_BITS, Number(bits)),
  };
}

/** Of the pods' range, each node gets so much. Source: kube-controller-manager, node-cidr-mask-size. */
const NODE_PREFIX_BITS = 24;

async function listen(api: KubeApi, settings: Settings, paths: Paths): Promise<RunningServer> {
  const { bindAddress: host, apiPort: port } = settings;
  const tls = await readTls(paths.pki, API_SERVER_FILE);
  try {
    return await serve({ api, host, port, clock: realClock, tls });
  } catch (error) {
    const isTaken = (error as { code?: string }).code === "EADDRINUSE";
    const why = isTaken ? "another program listens there" : (error as Error).message;
    throw new Error(`Cannot serve the API at ${host}:${port}: ${why}`);
  }
}

/** They reach the API as everybody does, only without a network in between. */
async function runComponents({ api, kinds, token, signal, isShared, caPem }: {
  api: KubeApi;
  kinds: readonly AnyKind[];
  token: string;
  signal: AbortSignal;
  /** Other masters run the same: one of them leads. */
  isShared: boolean;
  /** Of the authority that signed for the API server. */
  caPem: string;
}): Promise<void> {
  const clientOf = (userAgent: string) =>
    new HttpApi({
      ...{ baseUrl: "http://master", token, userAgent },
      fetch: (request) => api.fetch(request),
    });
  const manager = clientOf("kube-controller-manager");
  const shared = { api: manager, clock: realClock, random: Math.random };
  const cache = new Informers({ ...shared, log: stderrLog("cache"), signal });
  const identity = `${Deno.hostname()}_${crypto.randomUUID()}`;
  const run = (name: string, lead: (signal: AbortSignal) => Promise<void>) =>
    isShared ? runElected({ ...shared, log, signal, name, identity, lead }) : lead(signal);
  await Promise.all([
    run("kube-controller-manager", (signal) =>
      runControllers({
        ...{ ...shared, cache, signal },
        log: stderrLog("controllers"),
        resources: ownableResources(kinds),
        tokens: { caPem, sign: (...of) => api.tokenForSecret(...of) },
      })),
    run(
      "kube-scheduler",
      (signal) =>
        runScheduler({
          ...{ ...shared, api: clientOf("kube-scheduler"), cache, signal },
          log: stderrLog("scheduler"),
        }),
    ),
  ]);
}
