import type { User } from "../api/http/authenticate.ts";
import type { Advice, Advise } from "../api/http/advice.ts";
import { createApi, type KubeApi } from "../api/http/app.ts";
import { agentTransport } from "../api/http/agent_transport.ts";
import { type RunningServer, serve } from "../api/http/server.ts";
import { bootstrapObjects, localStorageClass } from "../api/registry/bootstrap.ts";
import { dnsObjects } from "../api/registry/cluster_dns.ts";
import type { Components } from "../api/registry/componentstatuses.ts";
import { kindsOf } from "../api/registry/kinds.ts";
import { NodePace } from "../api/registry/node_pace.ts";
import { MetricRegistry } from "../api/types/metrics.ts";
import { StatusError } from "../api/types/status.ts";
import { aborted } from "../client/aborted.ts";
import type { Policy } from "../scheduler/policy.ts";
import { AuditLog, readPolicyFile } from "./audit_log.ts";
import { realClock } from "./clock.ts";
import { ComponentHealth, CONTROLLER_MANAGER, SCHEDULER } from "./component_health.ts";
import { serveCopies } from "./copy_socket.ts";
import type { Token } from "./credentials.ts";
import type { Settings } from "./flags.ts";
import { ensureIdentity, serverOf } from "./identity.ts";
import { beginLifetime } from "./lifetime.ts";
import { stderrLog } from "./log.ts";
import { openStores, type Stores } from "./open_stores.ts";
import { makeDataDir, type Paths, pathsOf } from "./paths.ts";
import { countProcess } from "./process_metrics.ts";
import { API_SERVER_FILE, API_SERVER_TO_AGENT_FILE, readTls } from "./pki.ts";
import { ensureSigningKey, signerBeside } from "./signing_key.ts";
import { readSchedulerPolicy } from "./scheduler_policy.ts";
import { tracingOf } from "./tracing.ts";
import { newUid } from "./uid.ts";
import { VERSION_INFO } from "./version.ts";

const log = stderrLog("master");

/** Those who wait for the API come first. */
const COMPONENTS_AFTER_MS = 50;

/** Runs API server, scheduler and controllers until a signal. Every write that was answered is durable. */
export async function master(settings: Settings): Promise<void> {
  const paths = pathsOf(settings.dataDir);
  await makeDataDir(paths);
  const lifetime = await beginLifetime("master", paths.pidFile("master"));
  const { tokens } = await ensureIdentity(settings, paths);
  const policy = await readSchedulerPolicy(settings.schedulerPolicy ?? "");
  const stores = await openStores(settings, paths, () => void lifetime.end(1));
  const { store, volatileStore } = stores;
  const health = new ComponentHealth();
  const pace = new NodePace(store);
  const components = componentsOf(health, stores);
  const kinds = kindsOf(networkOf(settings), components, () => pace.renewSeconds);
  const metrics = new MetricRegistry();
  countProcess(metrics, Date.now());
  const own = ownToken();
  const auditLog = new AuditLog(settings.audit.log, log, { metrics });
  const audit = settings.audit.log === "" ? undefined : {
    rules: await readPolicyFile(settings.audit.policy),
    sink: (line: string) => auditLog.write(line),
  };
  const signingKey = await ensureSigningKey(paths);
  const api: KubeApi = createApi({
    store,
    volatileStore,
    kinds,
    clock: realClock,
    random: Math.random,
    newUid,
    tokens: new Map([...tokens.map(asUser), asUser(own)]),
    agents: agentTransport(await readTls(paths.pki, API_SERVER_TO_AGENT_FILE), realClock),
    log: stderrLog("api"),
    version: VERSION_INFO,
    serviceAccountKey: signingKey,
    signBeside: signerBeside(signingKey),
    audit,
    ...(settings.inFlight && { inFlight: settings.inFlight }),
    metrics,
    advise: (...question) => advise(api, policy, ...question),
    tracing: tracingOf(Deno.env.get("OTEL_DENO") === "true"),
  });
  const { serviceCidr, advertiseAddress: address, apiPort: port } = settings;
  const { isShared } = stores;
  // beside others, what leads to this server is added to theirs: see api_presence.ts
  const first = bootstrapObjects({ serviceCidr, address, port })
    .filter(({ kind }) => !isShared || kind !== "Endpoints");
  await api.bootstrap([...first, localStorageClass()], dnsObjects(serviceCidr));
  const serving = await listen(api, settings, paths);
  const endCopies = await serveCopies(paths, store, settings.storage.encryptionKeyFile !== "");
  log("ready", { server: serverOf(settings), revision: store.revision });
  const { signal } = lifetime;
  const { ca: caPem } = await readTls(paths.pki, API_SERVER_FILE);
  // Loaded when others are served already: it keeps the thread busy.
  await realClock.sleep(COMPONENTS_AFTER_MS, signal);
  const [{ runComponents }, { clusterInfoOf }] = await Promise.all([
    import("./components.ts"),
    import("./cluster_info.ts"),
  ]);
  const server = `https://${settings.advertiseAddress}:${settings.apiPort}`;
  const clusterInfo = clusterInfoOf({ shared: settings, server, caPem });
  const running = runComponents({
    clusterInfo,
    ...{ api, kinds, token: own.token, signal, isShared, caPem, metrics, health },
    pki: paths.pki,
    volumes: paths.volumes,
    policy,
  });
  const presence = isShared ? showPresence(api, own.token, { address, port, signal }) : undefined;
  await aborted(lifetime.signal);
  await running;
  await presence;
  await serving.close();
  await endCopies();
  await auditLog.flushed();
  await stores.close();
  await lifetime.end(0);
}

/** Loaded when somebody asks. */
async function advise(
  api: KubeApi,
  policy: Policy | undefined,
  ...question: Parameters<Advise>
): Promise<Advice> {
  const { adviser } = await import("./advice.ts");
  const answer = adviser(() => api.reads, policy)(...question);
  if (answer === undefined) {
    throw new StatusError("NotFound", "the server could not find the requested resource");
  }
  return await answer;
}

async function showPresence(
  kubeApi: KubeApi,
  token: string,
  where: { address: string; port: number; signal: AbortSignal },
): Promise<void> {
  const [{ keepPresence }, { LocalApi }] = await Promise.all([
    import("./api_presence.ts"),
    import("./local_api.ts"),
  ]);
  const api = new LocalApi(kubeApi, token, "kube-apiserver");
  const identity = `apiserver-${crypto.randomUUID()}`;
  await keepPresence({ ...where, api, clock: realClock, log, identity });
}

/** What `kubectl get componentstatuses` tells. A store that can't go on ends the process. */
function componentsOf(health: ComponentHealth, { isShared, volatileStore }: Stores): Components {
  const leases = isShared ? volatileStore : undefined;
  return {
    "controller-manager": () => health.check(CONTROLLER_MANAGER, leases, Date.now()),
    "scheduler": () => health.check(SCHEDULER, leases, Date.now()),
    "etcd-0": () => undefined,
  };
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

function networkOf(settings: Settings) {
  const { serviceCidr, clusterCidr, loadBalancerPool, nodePortRange: { first, last } } = settings;
  const [, bits = ""] = clusterCidr.split("/");
  return {
    serviceCidr,
    clusterCidr,
    nodePortRange: [first, last] as const,
    ...(loadBalancerPool === undefined ? {} : { loadBalancerPool }),
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
