import type { KubeApi } from "../api/http/app.ts";
import type { AnyKind } from "../api/registry/kind.ts";
import { ownableResources } from "../api/registry/propagation.ts";
import type { MetricRegistry } from "../api/types/metrics.ts";
import type { ConfigMap } from "../api/types/core_v1.ts";
import { SECRETS } from "../api/types/resources.ts";
import type { Api } from "../client/api.ts";
import { runElected } from "../client/election.ts";
import { Informers } from "../client/informer.ts";
import { BOOTSTRAP_TOKEN, bootstrapTokenCleaner } from "../controllers/bootstrap_token_cleaner.ts";
import { runControllers } from "../controllers/manager.ts";
import type { ControllerOptions } from "../controllers/controller.ts";
import { ControllerRuntime } from "../controllers/runtime.ts";
import { runScheduler } from "../scheduler/loop.ts";
import type { Policy } from "../scheduler/policy.ts";
import { runCertificateSigner } from "./certificate_signer.ts";
import { realClock } from "./clock.ts";
import { publishClusterInfo } from "./cluster_info.ts";
import { type ComponentHealth, CONTROLLER_MANAGER, SCHEDULER } from "./component_health.ts";
import { LocalApi } from "./local_api.ts";
import { stderrLog } from "./log.ts";

export interface ComponentOptions {
  readonly api: KubeApi;
  readonly kinds: readonly AnyKind[];
  /** By which the API knows them. */
  readonly token: string;
  readonly signal: AbortSignal;
  /** Other masters run the same: one of them leads. */
  readonly isShared: boolean;
  /** Of the authority that signed for the API server. */
  readonly caPem: string;
  /** Folder with the authority's key. */
  readonly pki: string;
  /** What hosts that join have to know. */
  readonly clusterInfo: ConfigMap;
  /** Where the nodes have the volumes that are made for claims. */
  readonly volumes: string;
  /** Of the scheduler; undefined for the usual rules. */
  readonly policy: Policy | undefined;
  readonly metrics: MetricRegistry;
  readonly health: ComponentHealth;
}

/** Scheduler and controllers reach the API as everybody does, only without a network in between, and read without JSON. */
export async function runComponents(options: ComponentOptions): Promise<void> {
  const { api, kinds, token, signal, caPem, pki, metrics } = options;
  const clientOf = (userAgent: string) => new LocalApi(api, token, userAgent);
  const manager = clientOf(CONTROLLER_MANAGER);
  const shared = { api: manager, clock: realClock, random: Math.random };
  const cache = new Informers({ ...shared, log: stderrLog("cache"), signal });
  const run = (name: string, lead: Lead) =>
    runComponent({ ...options, name, lead, client: manager });
  await Promise.all([
    run(CONTROLLER_MANAGER, (signal) =>
      Promise.all([
        runControllers({
          ...{ ...shared, cache, signal, metrics },
          log: stderrLog("controllers"),
          resources: ownableResources(kinds),
          localVolumes: { folder: options.volumes },
          tokens: { caPem, sign: (...of) => api.tokenForSecret(...of) },
        }),
        runCertificateSigner({ ...shared, cache, signal, pki, log: stderrLog("signer") }),
        runJoining({ ...shared, signal, metrics, log: stderrLog("joining") }, options.clusterInfo),
      ]).then(() => {})),
    run(SCHEDULER, (signal) =>
      runScheduler({
        ...{ ...shared, api: clientOf(SCHEDULER), cache, signal, metrics },
        log: stderrLog("scheduler"),
        ...(options.policy && { policy: options.policy }),
      })),
  ]);
}

/** Of secrets it follows tokens alone, in a cache of its own: the shared one follows others. */
async function runJoining(
  options: Omit<ControllerOptions, "cache">,
  clusterInfo: ConfigMap,
): Promise<void> {
  const cache = new Informers(options);
  cache.watch(SECRETS, { fieldSelector: `type=${BOOTSTRAP_TOKEN}` });
  const cleaning = new ControllerRuntime(bootstrapTokenCleaner, { ...options, cache }).run();
  await publishClusterInfo(options.api, clusterInfo).catch((error) => {
    options.log("Cannot publish what hosts that join need", { error });
  });
  await cleaning;
}

type Lead = (signal: AbortSignal) => Promise<void>;

/** Alone, or in its turn. */
async function runComponent(
  { name, lead, client, isShared, signal, metrics, health }: ComponentOptions & {
    name: string;
    lead: Lead;
    client: Api;
  },
): Promise<void> {
  const well = (signal: AbortSignal) => health.during(name, () => lead(signal));
  const leads = metrics.gauge(
    "leader_election_master_status",
    "1 where this process leads, 0 where it waits.",
    ["name"],
  );
  if (!isShared) {
    leads.set(1, name);
    return await well(signal);
  }
  leads.set(0, name);
  await runElected({
    ...{ api: client, clock: realClock, log: stderrLog("master"), signal, name },
    identity: `${Deno.hostname()}_${crypto.randomUUID()}`,
    lead: well,
    onLead: (isLeader) => leads.set(isLeader ? 1 : 0, name),
  });
}
